import Foundation
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// Workers that are killed at random moments, one after another, on a real machine.
@Suite(.serialized, .timeLimit(.minutes(20))) struct KillTests {
  /// Starts a worker and kills it once it has computed some shards, or has only just joined.
  private func startAndKill(
    _ name: String, afterShards count: Int, in run: DigitsRun, coordinator: RunningProcess
  ) throws {
    let worker = try run.startWorker(name)
    try waitUntil("\(name) has computed \(count) shards") {
      guard coordinator.isRunning else {
        throw DigitsRun.EarlyEnd(diagnostic: coordinator.errors)
      }
      guard count == 0 else { return run.computed(by: name).count >= count }
      return try run.logged("worker \(name) joined") != nil
    }
    worker.signal(SIGKILL)
    _ = worker.ending()
    try waitUntil("\(name) is missed") { try run.logged("worker \(name) is lost") != nil }
  }

  @Test func `thirty kills of workers change nothing in strict mode`() throws {
    let calm = try StrictRunTests.strictRun()
    let calmCoordinator = try calm.startCoordinator()
    _ = try calm.startWorker("only").ending()
    #expect(calmCoordinator.ending().status == 0)

    let rough = try StrictRunTests.strictRun()
    let coordinator = try rough.startCoordinator()
    var generator = SeededGenerator(seed: 12)
    // The first eight die before they have finished anything, one of them after the other: whatever
    // is leased first would collect all of their deaths.
    for index in 0..<30 {
      let count = index < 8 ? 0 : generator.index(below: 4)
      try startAndKill("doomed-\(index)", afterShards: count, in: rough, coordinator: coordinator)
    }
    let steady = try rough.startWorker("steady")
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(steady.ending().status == 0)

    #expect(try StrictRunTests.Outcome(rough) == StrictRunTests.Outcome(calm))
    let quarantined = try JournalReader(of: rough.directory).records().contains { record in
      if case .quarantined = record { true } else { false }
    }
    #expect(!quarantined, "no candidate is to blame")
    let fronts = try [calm, rough].map { run in
      try Program.run(["front", run.directory.path, "--json"]).output
    }
    #expect(fronts[0] == fronts[1], "the fronts are the same to the last byte")
  }
}
