import Foundation
import RunStorage
import Testing
import TestSupport

/// What `elsa status` says of coordinators that do not answer, and of who was there.
@Suite(.serialized, .timeLimit(.minutes(20))) struct StatusTests {
  private static func status(_ run: DigitsRun) throws -> [String: Any] {
    try Program.run(["status", run.directory.path, "--json"]).json()
  }

  /// Holds the lock of a run directory as a coordinator does.
  private final class Holder {
    private let descriptor: Int32

    init(_ directory: RunDirectory) throws {
      try directory.create()
      descriptor = unsafe open(directory.lockPath, O_RDWR | O_CREAT, 0o600)
      try #require(descriptor >= 0)
      try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    }

    deinit { close(descriptor) }
  }

  @Test func `a coordinator that prepares its run says what and how far`() throws {
    let run = try DigitsRun(evaluations: 4)
    let holder = try Holder(run.directory)
    let content =
      #"{"processID":1,"host":"h","startedAt":0,"what":"layers pruned","done":3,"#
      + #""total":48}"#
    try content.write(
      toFile: run.directory.file("preparation.json"), atomically: true, encoding: .utf8)
    let status = try Self.status(run)
    #expect(status["state"] as? String == "preparing")
    let preparing = try #require(status["preparing"] as? [String: Any])
    #expect(preparing["what"] as? String == "layers pruned")
    #expect(preparing["done"] as? Int == 3)
    #expect(preparing["total"] as? Int == 48)
    let diagnostic = try Program.run(["status", run.directory.path])
    #expect(diagnostic.output.contains("layers pruned, 3 of 48"), "\(diagnostic.output)")
    #expect(!diagnostic.output.contains("--resume"))
    withExtendedLifetime(holder) {}
  }

  @Test func `a frozen coordinator is not taken for a stopped one, and a watcher goes on`() throws {
    let run = try DigitsRun(evaluations: 5_000)
    let coordinator = try run.startCoordinator()
    let worker = try run.startWorker("worker")
    try waitUntil("the worker has computed") { run.computed(by: "worker").count > 3 }
    let watcher = try Program.start(["status", run.directory.path, "--watch", "--json"])
    func hasSeen(_ states: [String]) -> Bool {
      var rest = Substring(watcher.output)
      for state in states {
        guard let range = rest.range(of: "\"state\" : \"\(state)\"") else { return false }
        rest = rest[range.upperBound...]
      }
      return true
    }
    try waitUntil("the watcher sees it run") { hasSeen(["running"]) }
    coordinator.signal(SIGSTOP)
    try waitUntil("the watcher sees it silent") { hasSeen(["running", "notAnswering"]) }
    let frozen = try Program.run(["status", run.directory.path])
    #expect(frozen.status == 0, "\(frozen.errors)")
    #expect(frozen.output.contains("not answering since"), "\(frozen.output)")
    #expect(!(frozen.output + frozen.errors).contains("--resume"))
    coordinator.signal(SIGCONT)
    try waitUntil("the watcher sees it again") {
      hasSeen(["running", "notAnswering", "running"])
    }
    #expect(try Program.run(["drain", run.directory.path]).status == 0)
    #expect(worker.ending().status == 10)
    _ = coordinator.ending()
    let ending = watcher.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(hasSeen(["running", "notAnswering", "running", "stopped"]))
    #expect(!ending.errors.contains("key"), "\(ending.errors)")
    let stopped = try Program.run(["status", run.directory.path])
    #expect(stopped.output.contains("--run-directory \(run.directory.path) --resume"))
  }

  @Test func `who was lost or refused, from where, and the arithmetic are told`() throws {
    let run = try DigitsRun(evaluations: 5_000)
    let coordinator = try run.startCoordinator()
    let steady = try run.startWorker("steady")
    let doomed = try run.startWorker("doomed")
    try waitUntil("both have computed") {
      run.computed(by: "doomed").count > 1 && run.computed(by: "steady").count > 1
    }
    doomed.signal(SIGKILL)
    _ = doomed.ending()
    // A key that nobody has allowed.
    #expect(
      try Program.run(["keygen", "worker", "stray", "--output", run.folder.path]).status == 0)
    let connection = try #require(try run.connection())
    let stray = try Program.start([
      "worker", "--connect", connection.endpoints[0], "--server-key",
      try #require(connection.serverKey), "--key-file", run.folder.file("stray.key"),
    ])
    var status: [String: Any] = [:]
    try waitUntil("the loss and the unknown peer are told") {
      status = try Self.status(run)
      return (status["departed"] as? [[String: Any]])?.isEmpty == false
        && (status["unknownPeers"] as? [[String: Any]])?.isEmpty == false
    }
    let departed = try #require(status["departed"] as? [[String: Any]])
    let lost = departed.filter { $0["how"] as? String == "lost" }
    #expect(lost.map { $0["label"] as? String } == ["doomed"])
    let unknown = try #require(status["unknownPeers"] as? [[String: Any]])
    #expect(unknown.first?["address"] as? String == "127.0.0.1")
    #expect((status["numerics"] as? String)?.contains("precision=bf16") == true)
    #expect(status["addresses"] as? [String] == connection.endpoints)
    #expect(status["runFile"] as? String == run.directory.file("run.yaml"))
    #expect(status["restarts"] as? Int == 0)
    for program in [stray, steady, coordinator] {
      program.signal(SIGKILL)
      _ = program.ending()
    }
  }
}
