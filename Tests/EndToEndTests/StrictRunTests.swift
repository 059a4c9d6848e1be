import Foundation
import RunStorage
import Testing
import TestSupport
import WireProtocol

@Suite(.serialized, .timeLimit(.minutes(20))) struct StrictRunTests {
  /// What a run has found, in the order in which it has found it.
  ///
  /// Of a candidate that is stopped when its turn has come, more may have been measured than
  /// counts; what both have measured is the same.
  struct Outcome: Equatable {
    var proposals: [String] = []
    var evaluations: [EvaluatedCandidate] = []
    var shards: [ShardKey: ShardMeasurement] = [:]

    init(_ run: DigitsRun) throws {
      for record in try JournalReader(of: run.directory).records() {
        switch record {
        case .proposed(_, let genome): proposals.append("\(genome.genes)")
        case .evaluated(let evaluation): evaluations.append(evaluation)
        case .shardCompleted(let completion): shards[completion.key] = completion.measurement
        case .opened, .joined, .confirmed, .discarded, .quarantined: break
        }
      }
    }

    static func == (lhs: Self, rhs: Self) -> Bool {
      lhs.proposals == rhs.proposals && lhs.evaluations == rhs.evaluations
        && lhs.shards.allSatisfy { rhs.shards[$0.key] ?? $0.value == $0.value }
    }
  }

  /// A strict run of a hundred full evaluations, twelve candidates in flight.
  static func strictRun() throws -> DigitsRun {
    try DigitsRun(
      evaluations: 100,
      search: "population: 20, evaluations: 100, seed: 3, mode: strict, window: 12",
      stopsEarly: true)
  }

  @Test func `one worker and a killed one among two find the same, and so after a restart`() throws
  {
    let calm = try Self.strictRun()
    let coordinator = try calm.startCoordinator()
    let worker = try calm.startWorker("only")
    let ending = coordinator.ending()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(worker.ending().status == 0)

    let rough = try Self.strictRun()
    let first = try rough.startCoordinator()
    let doomed = try rough.startWorker("doomed")
    // How many shards a worker evaluates at once makes no difference either.
    let steady = try rough.startWorker("steady", arguments: ["--threads", "3", "--slots", "2"])
    try rough.kill(doomed, "doomed", beside: "steady", thenCoordinator: first)
    let second = try rough.startCoordinator(resuming: true)
    let roughEnding = second.ending()
    #expect(roughEnding.status == 0, "\(roughEnding.errors)")
    #expect(steady.ending().status == 0)

    let expected = try Outcome(calm)
    #expect(expected.evaluations.count > 100)
    #expect(expected.evaluations.contains { $0.stop != nil })
    #expect(try Outcome(rough) == expected)
    let fronts = try [calm, rough].map { run in
      try Program.run(["front", run.directory.path, "--json"]).output
    }
    #expect(fronts[0].contains("hypervolume"))
    #expect(fronts[0] == fronts[1], "the fronts are the same to the last byte")
  }
}
