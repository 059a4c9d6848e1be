import Foundation
import RunStorage
import Testing
import TestSupport
import WireProtocol

/// Holders of a worker's key who do what no worker does, written in Python from the specification.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(if: hasPythonWorker, "needs python3-zmq, python3-protobuf and protoc"))
struct KeyHolderTests {
  private static let program =
    "\(Checkout.root)/Tests/EndToEndTests/PythonWorker/hostile.py"

  /// A hostile process and what it reports.
  private struct Holder {
    private let process: RunningProcess

    init(_ run: DigitsRun, key: String? = nil, _ deed: String, _ numbers: Int...) throws {
      let folder = run.folder.file("hostile-\(UUID().uuidString)")
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false)
      try PythonWorkerTests.compileMessages(into: folder)
      let connection = try #require(try run.connection())
      let arguments = [
        KeyHolderTests.program, "--connect", connection.endpoints[0], "--messages", folder,
        "--backend-version", try PythonWorkerTests.backendVersion(of: run),
        "--protocol-version", "\(ProtocolVersion.current)", deed,
      ]
      process = try RunningProcess(
        "/usr/bin/python3", arguments + numbers.map(String.init),
        environment: [
          "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin",
          "ELSA_SERVER_KEY": try #require(connection.serverKey),
          "ELSA_WORKER_SECRET_KEY": try #require(key ?? connection.workerSecretKey),
        ])
    }

    /// What was reported so far.
    var text: String { process.output }

    /// Waits for the end and returns the report's last line.
    func report() throws -> [String: Int] {
      let line = try #require(process.ending().output.split(separator: "\n").last)
      return try JSONDecoder().decode([String: Int].self, from: Data(line.utf8))
    }

    /// Ends the process, which has inherited that SIGTERM does nothing.
    func end() {
      process.signal(SIGKILL)
      process.ending()
    }
  }

  /// The most memory that a process has had.
  private func peakBytes(of program: RunningProcess) throws -> Int {
    let path = "/proc/\(program.processIdentifier)/status"
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("VmHWM:") })
    return try #require(Int(line.split(separator: " ")[1])) << 10
  }

  /// Makes a key of its own for a worker and returns its secret half and its public file.
  private func ownKey(_ run: DigitsRun) throws -> (secret: String, file: String) {
    let made = try Program.run([
      "keygen", "worker", "guest", "--output", run.folder.path, "--authorize", run.directory.path,
    ])
    #expect(made.status == 0, "\(made.errors)")
    try waitUntil("the key is seen") { try run.logged("2 workers") != nil }
    let key = try KeyFile(path: run.folder.file("guest.key"))
    return (try #require(key.secretKey), run.directory.keyFolder + "/workers/guest.pub")
  }

  @Test(arguments: [
    ("flood", [1, 10_000, 65_536]), ("flood", [8, 1_500, 65_536]), ("flood", [1, 2_000_000, 30]),
    ("queue", [8, 500, 1_000_000]),
  ])
  func `no flood of frames takes more than 256 MB, and the run goes on`(
    deed: String, numbers: [Int]
  ) throws {
    let run = try DigitsRun(evaluations: 100_000)
    let coordinator = try run.startCoordinator()
    let worker = try run.startWorker("worker")
    try waitUntil("the worker has computed") { run.computed(by: "worker").count > 3 }
    let before = try peakBytes(of: coordinator)
    let holder = try Holder(run, deed, numbers[0], numbers[1], numbers[2])
    #expect(try #require(try holder.report()["cut"]) == numbers[0])
    let peak = try peakBytes(of: coordinator)
    #expect(peak - before < 256 << 20, "\((peak - before) >> 20) MiB more")
    let count = run.computed(by: "worker").count
    try waitUntil("the worker goes on") { run.computed(by: "worker").count > count + 3 }
    coordinator.signal(SIGTERM)
    #expect(coordinator.ending().status == 11)
    worker.signal(SIGTERM)
    #expect(worker.ending().status == 10)
  }

  @Test func `a revoked key is told so once, cut off and kept out`() throws {
    let run = try DigitsRun(evaluations: 100_000)
    let coordinator = try run.startCoordinator()
    let key = try ownKey(run)
    let holder = try Holder(run, key: key.secret, "talk", 8)
    try waitUntil("it has joined") { holder.text.contains("joined") }
    try FileManager.default.removeItem(atPath: key.file)
    let report = try holder.report()
    #expect(report["refusals"] == 1)
    #expect(try #require(report["cut"]) >= 1)
    #expect(try #require(report["keptOut"]) >= 1)
    coordinator.signal(SIGTERM)
    #expect(coordinator.ending().status == 11)
  }

  @Test func `sessions that fetch and never confirm starve no worker with another key`() throws {
    let run = try DigitsRun(evaluations: 8)
    let coordinator = try run.startCoordinator()
    let key = try ownKey(run)
    let hoarder = try Holder(run, key: key.secret, "hoard", 16, 120)
    try waitUntil("it hoards") { hoarder.text.contains("hoards") }
    let worker = try run.startWorker(
      "worker",
      arguments: ["--no-shared-files", "--cache-directory", run.folder.file("cache")])
    #expect(coordinator.ending().status == 0)
    #expect(worker.ending().status == 0)
    #expect(worker.errors.contains("fetched"), "\(worker.errors)")
    hoarder.end()
  }
}
