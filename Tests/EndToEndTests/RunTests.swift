import Foundation
import RunStorage
import Testing
import TestSupport

@Suite(.serialized, .timeLimit(.minutes(20))) struct RunTests {
  @Test func `the demo finds a front with mixed genomes`() throws {
    let folder = try TemporaryFolder()
    let ending = try Program.run([
      "demo", "--evaluations", "60", "--run-directory", folder.file("demo"), "--json",
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(ending.errors.contains(folder.file("demo")))
    let front = try ending.json()
    let candidates = try #require(front["evaluations"] as? Int)
    #expect(candidates - (front["evaluationsSaved"] as? Int ?? 0) == 60)
    #expect(try #require(front["hypervolume"] as? Double) > 0)
    let points = try #require(front["points"] as? [[String: Any]])
    let patternCounts = try points.map { point in
      let genome = try #require(point["genome"] as? [String: Any])
      return Set(try #require(genome["decisions"] as? [String: String]).values).count
    }
    #expect(patternCounts.contains { $0 > 1 }, "some member mixes patterns")
    #expect(points.allSatisfy { $0["testAccuracy"] is Double })
    for name in ["run.yaml", "journal.sqlite", "front.json", "elsa.log", "config.json"] {
      #expect(FileManager.default.fileExists(atPath: folder.file("demo/\(name)")), "\(name)")
    }
    let table = try Program.run(["front", folder.file("demo")])
    #expect(table.output.contains("hypervolume"))
    let csv = try Program.run(["front", folder.file("demo"), "--csv"])
    #expect(csv.output.split(separator: "\n").count == points.count + 1)
  }

  @Test func `killed workers and a killed coordinator cost nothing that was journaled`() throws {
    let run = try DigitsRun(evaluations: 250)
    let first = try run.startCoordinator()
    let doomed = try run.startWorker("doomed")
    let steady = try run.startWorker("steady")
    try run.kill(doomed, "doomed", beside: "steady", thenCoordinator: first)
    let journaled = try run.journaled()
    let before = run.computed(by: "steady")
    #expect(journaled.count < 1250, "the coordinator was killed in the middle")

    let second = try run.startCoordinator(resuming: true)
    let fresh = try run.startWorker("fresh")
    let ending = second.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(steady.ending().status == 0)
    #expect(fresh.ending().status == 0)

    let front = try run.front()
    #expect(front["evaluations"] as? Int == 250)
    let after = run.computed(by: "steady").dropFirst(before.count) + run.computed(by: "fresh")
    #expect(journaled.isDisjoint(with: after), "a journaled shard was computed again")
    let all = run.computed(by: "doomed") + run.computed(by: "steady") + run.computed(by: "fresh")
    #expect(Set(all) == (try run.journaled()))
    // Each of two workers holds at most two leases when it or the coordinator dies.
    #expect(all.count - Set(all).count <= 4, "\(all.count) computed, \(Set(all).count) distinct")
  }

  @Test func `SIGTERM lets a worker leave and a coordinator stop, and resume goes on`() throws {
    let run = try DigitsRun(evaluations: 150)
    let first = try run.startCoordinator()
    let leaving = try run.startWorker("leaving")
    try waitUntil("the worker has computed") { run.computed(by: "leaving").count > 3 }
    leaving.signal(SIGTERM)
    #expect(leaving.ending().status == 10)
    first.signal(SIGTERM)
    let stopped = first.ending()
    #expect(stopped.status == 11)
    #expect(stopped.errors.contains("--resume"))
    #expect(try run.connection() == nil, "the connection file goes with its coordinator")

    let second = try run.startCoordinator(resuming: true)
    let worker = try run.startWorker("second")
    #expect(second.ending().status == 0)
    #expect(worker.ending().status == 0)
    #expect(try run.front()["evaluations"] as? Int == 150)
    let all = run.computed(by: "leaving") + run.computed(by: "second")
    #expect(Set(all).count == all.count, "a drained worker hands back what it has not done")
  }

  @Test func `constraints keep candidates from being evaluated`() throws {
    let run = try DigitsRun(
      evaluations: 30, lines: "constraints: {macs: {atMost: 0.6}}")
    let coordinator = try run.startCoordinator()
    let worker = try run.startWorker("worker")
    #expect(coordinator.ending().status == 0)
    #expect(worker.ending().status == 0)
    let front = try run.front()
    let points = try #require(front["points"] as? [[String: Any]])
    let denseMacs = try #require(front["denseMacs"] as? Double)
    #expect(!points.isEmpty)
    for point in points {
      #expect(try #require(point["macs"] as? Double) <= 0.6 * denseMacs)
    }
  }

  @Test func `an encrypted run admits anyone who has the connection file`() throws {
    let run = try DigitsRun(evaluations: 8)
    let coordinator = try Program.start([
      "coordinator", run.runFile, "--run-directory", run.directory.path,
    ])
    try waitUntil("the coordinator listens") { try run.connection() != nil }
    let connection = try #require(try run.connection())
    #expect(connection.serverKey != nil)
    let mode =
      try FileManager.default.attributesOfItem(
        atPath: run.directory.connectionFilePath)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let worker = try run.startWorker("worker")
    #expect(coordinator.ending().status == 0)
    #expect(worker.ending().status == 0)
  }
}
