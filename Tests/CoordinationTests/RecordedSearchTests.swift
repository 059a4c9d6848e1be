import Coordination
import EvolutionarySearch
import SparsityCore
import Testing
import WireProtocol

/// A search with what the journal says of its candidates.
struct RecordedSearchTests {
  private let run: TestRun
  private var recorded: RecordedSearch
  private var table: LeaseTable

  init() throws {
    run = try TestRun(evaluations: 12)
    recorded = try RecordedSearch(settings: run.settings)
    table = run.leaseTable
  }

  /// Begins anew.
  private mutating func restart() throws {
    recorded = try RecordedSearch(settings: run.settings)
    table = run.leaseTable
  }

  /// Adds the next candidate as a journal does; returns what a ledger keeps of it.
  private mutating func adopt(_ genes: [UInt8]) throws -> OpenCandidate {
    let candidate = Candidate(
      id: CandidateID(recorded.search.proposalCount), genome: Genome(genes: genes))
    try recorded.adopt(candidate)
    run.open(candidate, in: &table)
    let open = table.ledger[candidate.id]
    return try #require(open)
  }

  private func completion(of open: OpenCandidate, slice: Int) -> ShardCompletion {
    ShardCompletion(
      shard: ShardID(candidate: open.candidate.id, slice: slice), key: open.keys[slice],
      measurement: run.evaluation.measurement, worker: "a", evaluationMicroseconds: 1,
      keyName: "k")
  }

  /// Returns the record of an evaluation with objectives that are minimised.
  private func evaluated(_ open: OpenCandidate, _ minimized: [Double]) -> EvaluatedCandidate {
    EvaluatedCandidate(
      candidate: open.candidate.id, correctCount: 1, imageCount: 2, summedLoss: 1, costs: [],
      objectives: zip(run.settings.description.objectives, minimized).map { $0.natural($1) })
  }

  @Test mutating func `a candidate that is set aside is spent, and no candidate afterwards`() throws
  {
    let open = try adopt([0, 0, 0, 0])
    try recorded.quarantine(open.candidate.id)
    recorded.checkInvariants()
    #expect(recorded.quarantined == [open.candidate.id])
    #expect(recorded.search.outstandingCount == 0)
    var copy = recorded
    #expect(throws: SearchError.self) { try copy.quarantine(open.candidate.id) }
    #expect(throws: SearchError.self) { _ = try copy.tell(open, evaluated(open, [-1, 1])) }
  }

  @Test mutating func `what comes onto the front is told so`() throws {
    let found = try [[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]].map { try adopt($0) }
    // The second is better than the first in everything, the third worse than the second.
    let isOnFront = try [[-0.5, 2], [-0.6, 1], [-0.5, 1]].enumerated().map { index, objectives in
      try recorded.tell(found[index], evaluated(found[index], objectives))
    }
    #expect(isOnFront == [true, true, false])
    #expect(recorded.search.archive.individuals.map(\.id) == [found[1].candidate.id])
  }

  @Test mutating func `results of a search that begins anew come to the same genome once`() throws {
    _ = try adopt([0, 0, 0, 0])
    let before = try adopt([1, 0, 1, 0])
    try restart()
    let kept = completion(of: before, slice: 1)
    recorded.remember(kept)
    #expect(recorded.knowsResults)
    let other = try adopt([1, 1, 1, 1])
    let again = try adopt([1, 0, 1, 0])
    let recalled = [other, again, again].map { recorded.recall($0) }
    var expected = kept
    expected.shard = ShardID(candidate: again.candidate.id, slice: 1)
    #expect(recalled == [[], [expected], []])
  }

  @Test mutating func `results are forgotten once the search has come as far as before`() throws {
    let before = try adopt([1, 0, 1, 0])
    try restart()
    recorded.remember(completion(of: before, slice: 0))
    _ = try adopt([1, 1, 1, 1])
    #expect(recorded.knowsResults)
    _ = try adopt([0, 0, 0, 0])
    #expect(!recorded.knowsResults)
  }
}
