import Foundation
import RunStorage
import Testing
import TestSupport
import WireProtocol

/// Keys whose results are not so, found out by the coordinator or taken out by an operator.
@Suite(.serialized, .timeLimit(.minutes(20))) struct SpotCheckTests {
  /// A strict run that names its arithmetic.
  private static func strictRun(_ evaluations: Int) throws -> DigitsRun {
    try DigitsRun(
      evaluations: evaluations,
      search: "population: 10, evaluations: \(evaluations), seed: 5, mode: strict, window: 8")
  }

  /// What a run has found, without who has measured it.
  private static func found(_ run: DigitsRun) throws -> [String] {
    let points = try #require(try run.front()["points"] as? [[String: Any]])
    return points.map { "\($0["candidate"] ?? "") \($0["correct"] ?? "") \($0["meanLoss"] ?? "")" }
  }

  /// Makes a key of its own for a worker of a run and returns its file.
  private static func key(_ name: String, _ run: DigitsRun) throws -> String {
    let made = try Program.run([
      "keygen", "worker", name, "--output", run.folder.path, "--authorize", run.directory.path,
    ])
    #expect(made.status == 0, "\(made.errors)")
    return run.folder.file("\(name).key")
  }

  @Test(.enabled(if: hasPythonWorker, "needs python3-zmq, python3-protobuf and protoc"))
  func `a worker that makes up its results is named, and the run finds what it finds without it`()
    throws
  {
    let calm = try Self.strictRun(40)
    let calmCoordinator = try calm.startCoordinator()
    let only = try calm.startWorker("only")
    #expect(calmCoordinator.ending().status == 0)
    #expect(only.ending().status == 0)

    let run = try Self.strictRun(40)
    let secret = try #require(try KeyFile(path: Self.key("guest", run)).secretKey)
    let coordinator = try run.startCoordinator(arguments: ["--spot-checks", "0.5"])
    let folder = try TemporaryFolder()
    let inventor = try PythonWorkerTests.start(run, in: folder, key: secret)
    try waitUntil("it has delivered something") { try run.journaled().count > 4 }
    let worker = try run.startWorker("honest")
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(worker.ending().status == 0)
    // It may have come back too late to be told.
    inventor.signal(SIGKILL)
    inventor.ending()
    #expect(ending.errors.contains("the key guest is trusted no more"), "\(ending.errors)")
    #expect(try Self.found(run) == Self.found(calm))
    let discarded = try #require(try run.front()["discardedKeys"] as? [[String: Any]])
    #expect(discarded.map { $0["key"] as? String } == ["guest"])
    let diagnostic = try Program.run(["front", run.directory.path]).output
    #expect(diagnostic.contains("key guest: "), "\(diagnostic)")
  }

  @Test func `where workers share a key, the coordinator's own confirms the front`() throws {
    let run = try Self.strictRun(12)
    let coordinator = try run.startCoordinator()
    let worker = try run.startWorker("only")
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(worker.ending().status == 0)
    let records = try JournalReader(of: run.directory).records()
    let confirmed = records.compactMap { record in
      guard case .confirmed(let shard, let keyName) = record else { return nil as String? }
      return "\(keyName) \(shard.candidate)"
    }
    let count = try Self.found(run).count
    #expect(confirmed.count == count)
    #expect(confirmed.allSatisfy { $0.hasPrefix("coordinator ") })
  }

  @Test func `a search on this machine takes its own workers' word`() throws {
    let run = try Self.strictRun(12)
    let search = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "2",
    ])
    #expect(search.status == 0, "\(search.errors)")
    for record in try JournalReader(of: run.directory).records() {
      if case .shardCompleted(let completion) = record {
        #expect(completion.keyName == "coordinator")
      }
      if case .confirmed = record { Issue.record("something was measured again") }
    }
  }

  @Test func `revoked results are measured again, whether the coordinator runs or not`() throws {
    let run = try Self.strictRun(60)
    let key = try Self.key("node07", run)
    let coordinator = try run.startCoordinator(arguments: ["--spot-checks", "0"])
    let member = try run.startWorker(
      "member", arguments: ["--key-file", key, "--give-up-after", "10"])
    try waitUntil("the member has delivered something") { try run.journaled().count > 10 }
    let unknown = try Program.run(["revoke", run.directory.path, "node08", "--discard-results"])
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("the keys are node07, shared"), "\(unknown.errors)")
    let revoked = try Program.run(["revoke", run.directory.path, "node07", "--discard-results"])
    #expect(revoked.status == 0, "\(revoked.errors)")
    #expect(revoked.output.contains("measured again by others"))
    #expect(member.ending().status == 3)
    let again = try Program.run(["revoke", run.directory.path, "node07", "--discard-results"])
    #expect(again.status == 1)
    #expect(again.errors.contains("already"), "\(again.errors)")

    let other = try run.startWorker("other", arguments: ["--give-up-after", "10"])
    try waitUntil("the other has computed") { run.computed(by: "other").count > 10 }
    coordinator.signal(SIGTERM)
    #expect(coordinator.ending().status == 11)
    let offline = try Program.run(["revoke", run.directory.path, "shared", "--discard-results"])
    #expect(offline.status == 0, "\(offline.errors)")
    other.signal(SIGTERM)
    _ = other.ending()
    let key8 = try Self.key("node08", run)
    let second = try run.startCoordinator(resuming: true, arguments: ["--spot-checks", "0"])
    let last = try run.startWorker("last", arguments: ["--key-file", key8])
    #expect(second.ending().status == 0)
    #expect(last.ending().status == 0)
    let points = try #require(try run.front()["points"] as? [[String: Any]])
    #expect(points.allSatisfy { $0["keys"] as? [String] == ["node08"] })
    #expect(run.computed(by: "last").count >= 300)
  }
}
