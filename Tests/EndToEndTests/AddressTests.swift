import Foundation
import RunStorage
import Testing
import TestSupport

/// Where coordinators listen and how workers find them.
@Suite(.serialized, .timeLimit(.minutes(20))) struct AddressTests {
  /// Whether this machine has the loopback address of version 6.
  private static let hasVersion6: Bool = {
    let table = FileManager.default.contents(atPath: "/proc/net/if_inet6") ?? Data()
    return String(decoding: table, as: UTF8.self)
      .contains("00000000000000000000000000000001")
  }()

  /// Runs a small search at an address and returns the endpoints that the workers were told.
  private static func search(at endpoint: String, arguments: [String] = []) throws -> [String] {
    let run = try DigitsRun(evaluations: 8)
    let coordinator = try run.startCoordinator(arguments: ["--bind", endpoint] + arguments)
    let endpoints = try #require(try run.connection()).endpoints
    let worker = try run.startWorker("worker")
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(worker.ending().status == 0)
    return endpoints
  }

  private static func port(_ endpoint: String) throws -> String {
    String(try #require(endpoint.split(separator: ":").last))
  }

  @Test func `a coordinator listens on localhost`() throws {
    let endpoints = try Self.search(at: "tcp://localhost:*")
    #expect(endpoints.count == 1)
    #expect(endpoints[0].hasPrefix("tcp://127.0.0.1:"))
  }

  @Test func `a coordinator listens on an interface`() throws {
    let endpoints = try Self.search(at: "tcp://lo:*")
    #expect(endpoints[0].hasPrefix("tcp://lo:") || endpoints[0].hasPrefix("tcp://127.0.0.1:"))
  }

  @Test(.enabled(if: hasVersion6, "there is no IPv6 here"))
  func `a coordinator listens on an address of IPv6`() throws {
    let endpoints = try Self.search(at: "tcp://[::1]:*")
    #expect(endpoints.count == 1)
    #expect(endpoints[0].hasPrefix("tcp://[::1]:"))
  }

  @Test(.enabled(if: hasVersion6, "there is no IPv6 here"))
  func `a coordinator listens on all addresses of both versions`() throws {
    let run = try DigitsRun(evaluations: 20_000)
    let coordinator = try run.startCoordinator(
      arguments: ["--bind", "tcp://[::]:*", "--insecure-plain-text"])
    let endpoints = try #require(try run.connection()).endpoints
    let port = try Self.port(endpoints[0])
    #expect(endpoints.suffix(2) == ["tcp://127.0.0.1:\(port)", "tcp://[::1]:\(port)"])
    let hosts = ["127.0.0.1", "[::1]", "localhost"]
    let workers = try hosts.map { host in
      try Program.start([
        "worker", "--connect", "tcp://\(host):\(port)", "--name", host, "--threads", "1",
        "--insecure-plain-text",
      ])
    }
    try waitUntil("all have joined") {
      try hosts.allSatisfy { try run.logged("worker \($0) joined") != nil }
    }
    #expect(try Program.run(["drain", run.directory.path]).status == 0)
    #expect(coordinator.ending().status == 11)
    for worker in workers { #expect(worker.ending().status == 10, "\(worker.errors)") }
  }

  @Test func `a name that nobody knows is refused with a diagnostic`() throws {
    let run = try DigitsRun(evaluations: 8)
    let ending = try Program.run([
      "coordinator", run.runFile, "--run-directory", run.directory.path, "--bind",
      "tcp://nowhere.invalid:5555",
    ])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("nowhere.invalid of tcp://nowhere.invalid:5555 has no address"))
  }

  @Test func `workers are told what is advertised, and this machine still finds the rest`() throws {
    let endpoints = try Self.search(
      at: "tcp://*:*",
      arguments: ["--advertise", "127.0.0.1:1", "--advertise", "lab.invalid"])
    let port = try Self.port(try #require(endpoints.last))
    #expect(
      endpoints == ["tcp://127.0.0.1:1", "tcp://lab.invalid:\(port)", "tcp://127.0.0.1:\(port)"])
  }

  @Test func `a second connection file is written where workers look for it`() throws {
    let run = try DigitsRun(evaluations: 8)
    let copy = run.folder.file("shared.json")
    let coordinator = try run.startCoordinator(
      arguments: [
        "--write-connection-file", copy, "--connection-file-mode", "0640",
      ])
    try waitUntil("the second file is there") { FileManager.default.fileExists(atPath: copy) }
    #expect(try ConnectionFile(path: copy) == (try run.connection()))
    let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
    #expect(mode == 0o640)
    let worker = try Program.start(["worker", "--connection-file", copy, "--threads", "1"])
    #expect(coordinator.ending().status == 0)
    #expect(worker.ending().status == 0)
    #expect(!FileManager.default.fileExists(atPath: copy), "it goes with its coordinator")
  }

  @Test(arguments: ["0644", "0660", "0040", "600x", "1600", "7"])
  func `a mode that shows the secret to all is wrong usage`(mode: String) throws {
    let ending = try Program.run([
      "coordinator", "run.yaml", "--run-directory", "d", "--write-connection-file", "f",
      "--connection-file-mode", mode,
    ])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("--connection-file-mode is \"\(mode)\""), "\(ending.errors)")
  }

  @Test(arguments: ["tcp://h:1", "h:0", "", "a b"])
  func `what cannot be advertised is wrong usage`(text: String) throws {
    let ending = try Program.run([
      "coordinator", "run.yaml", "--run-directory", "d", "--advertise", text,
    ])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("--advertise is \"\(text)\""), "\(ending.errors)")
  }
}
