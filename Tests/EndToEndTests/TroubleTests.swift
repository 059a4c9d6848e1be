import Foundation
import RunStorage
import Testing
import TestSupport

/// What goes wrong at a user's, and what the program says.
@Suite(.serialized, .timeLimit(.minutes(20))) struct TroubleTests {
  /// The digits model with changed bytes, with its configuration, in a folder.
  private func model(
    in folder: TemporaryFolder, _ change: (inout Data) -> Void
  ) throws -> String {
    let source = "\(Checkout.demoData)/digits_vit_dense.safetensors"
    var content = try #require(FileManager.default.contents(atPath: source))
    change(&content)
    try content.write(to: URL(filePath: folder.file("model.safetensors")))
    try FileManager.default.copyItem(
      atPath: "\(Checkout.demoData)/config.json", toPath: folder.file("config.json"))
    return folder.file("model.safetensors")
  }

  private func evaluate(_ model: String, config: String? = nil) throws -> RunningProcess.Ending {
    try Program.run(
      ["evaluate", "--model", model, "--data", "\(Checkout.demoData)/search.safetensors"]
        + (config.map { ["--config", $0] } ?? []))
  }

  @Test func `a truncated checkpoint is named with its sizes`() throws {
    let folder = try TemporaryFolder()
    let ending = try evaluate(model(in: folder) { $0.removeLast(1000) })
    #expect(ending.status == 1)
    #expect(ending.errors.contains("model.safetensors"))
    #expect(ending.errors.contains("byte"))
  }

  @Test func `a weight that is not a number is named with its tensor`() throws {
    let folder = try TemporaryFolder()
    let ending = try evaluate(
      model(in: folder) { $0.replaceSubrange(($0.count - 4)..., with: [0, 0, 0xC0, 0x7F]) })
    #expect(ending.status == 1)
    #expect(ending.errors.contains("NaN") || ending.errors.contains("finite"), "\(ending.errors)")
  }

  @Test func `a checkpoint of another shape is named with both shapes`() throws {
    let folder = try TemporaryFolder()
    let config = try String(contentsOfFile: "\(Checkout.demoData)/config.json", encoding: .utf8)
    let other = try folder.write(
      config.replacingOccurrences(of: "\"embed_dim\": 64", with: "\"embed_dim\": 128"),
      to: "other.json")
    let ending = try evaluate(
      "\(Checkout.demoData)/digits_vit_dense.safetensors", config: other)
    #expect(ending.status == 1)
    #expect(ending.errors.contains("64") && ending.errors.contains("128"), "\(ending.errors)")
  }

  @Test func `an unknown key of the run file is named with its place`() throws {
    let run = try DigitsRun(evaluations: 5, lines: "serach: {seed: 1}")
    let ending = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path,
    ])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("run.yaml:9:1: unknown key \"serach\""), "\(ending.errors)")
  }

  @Test func `a missing image folder is named`() throws {
    let folder = try TemporaryFolder()
    let ending = try Program.run([
      "evaluate", "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors",
      "--data", folder.file("nowhere"),
    ])
    #expect(ending.status == 1)
    #expect(ending.errors.contains(folder.file("nowhere")))
  }

  @Test func `a port in use and a run directory in use are refused with a diagnostic`() throws {
    let run = try DigitsRun(evaluations: 500)
    let coordinator = try run.startCoordinator()
    let endpoint = try #require(try run.connection()?.endpoints.first)
    let other = try DigitsRun(evaluations: 5)
    let taken = try Program.run([
      "coordinator", other.runFile, "--run-directory", other.directory.path, "--bind", endpoint,
    ])
    #expect(taken.status == 1)
    #expect(taken.errors.contains(endpoint), "\(taken.errors)")
    let second = try Program.run([
      "coordinator", "--resume", "--run-directory", run.directory.path,
    ])
    #expect(second.status == 1)
    #expect(second.errors.contains("in use"), "\(second.errors)")
    coordinator.signal(SIGTERM)
    _ = coordinator.ending()
  }

  @Test func `another machine's address without keys is refused`() throws {
    // Encryption is on by default beyond loopback; the endpoint must still be one.
    let run = try DigitsRun(evaluations: 5)
    let ending = try Program.run([
      "coordinator", run.runFile, "--run-directory", run.directory.path, "--bind", "udp://x:1",
    ])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("udp://x:1"), "\(ending.errors)")
  }

  @Test func `garbage on the coordinator's port is survived`() throws {
    let run = try DigitsRun(evaluations: 12)
    let coordinator = try run.startCoordinator()
    let endpoint = try #require(try run.connection()?.endpoints.first)
    let port = try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
    for seed in 0..<20 {
      try Self.send((0..<200).map { UInt8(truncatingIfNeeded: $0 * 7 + seed) }, port)
    }
    let worker = try run.startWorker("worker")
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(worker.ending().status == 0)
    #expect(try run.front()["evaluations"] as? Int == 12)
  }

  /// Sends bytes to a port of this machine.
  private static func send(_ bytes: [UInt8], _ port: UInt16) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(status == 0)
    let sent = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    #expect(sent == bytes.count)
  }
}
