import Coordination
import RunReports
import SparsityCore
import Testing
import WireProtocol

struct FrontBuilderTests {
  private let run: SmallRun

  init() throws {
    run = try SmallRun()
  }

  private func builder(_ discards: DiscardedResults = DiscardedResults()) -> FrontBuilder {
    FrontBuilder(
      space: run.space, objectives: run.description.objectives,
      imageCount: run.description.imageCount, discards: discards)
  }

  private func content(
    of records: [JournalRecord], _ discards: DiscardedResults = DiscardedResults()
  ) throws -> FrontContent {
    var builder = builder(discards)
    for (sequence, record) in records.enumerated() { try builder.add(record, at: sequence) }
    return builder.content
  }

  private var records: [JournalRecord] {
    [
      .proposed(CandidateID(0), run.genome(1)), .proposed(CandidateID(1), run.genome(0)),
      .proposed(CandidateID(2), run.genome(0, 0)), .proposed(CandidateID(3), run.genome(0, 0, 0)),
      .evaluated(evaluated(0, correct: 9, throughput: 100)),
      .evaluated(evaluated(1, correct: 8, throughput: 90)),
      .evaluated(evaluated(2, correct: 7, throughput: 150)),
      .quarantined(CandidateID(3), diagnostic: "three workers died"),
    ]
  }

  @Test func `what nobody dominates is on the front, with what was measured`() throws {
    let content = try content(of: records)
    #expect(content.members.map(\.id) == [CandidateID(0), CandidateID(2)])
    #expect(content.members.map(\.objectives) == [[-0.9, -100], [-0.7, -150]])
    #expect(content.evaluationCount == 3)
    #expect(Set(content.evaluations.keys) == [CandidateID(0), CandidateID(2)])
    #expect(content.evaluations[CandidateID(2)]?.correctCount == 7)
    #expect(content.unknown.isEmpty)
  }

  @Test func `what was set aside is known with its genome and its reason`() throws {
    let content = try content(of: records)
    #expect(Array(content.quarantined.keys) == [CandidateID(3)])
    let entry = try #require(content.quarantined[CandidateID(3)])
    #expect(entry.genome == run.genome(0, 0, 0))
    #expect(entry.reason == "three workers died")
  }

  @Test func `records of another model or other objectives are refused`() throws {
    var builder = builder()
    let short = JournalRecord.proposed(CandidateID(0), Genome(genes: [0]))
    #expect(throws: FrontBuilder.Misfit.genome(CandidateID(0))) { try builder.add(short, at: 0) }
    try builder.add(.proposed(CandidateID(1), run.genome(0)), at: 0)
    let single = EvaluatedCandidate(
      candidate: CandidateID(1), correctCount: 1, imageCount: 10, summedLoss: 1, costs: [],
      objectives: [0.1])
    #expect(throws: FrontBuilder.Misfit.objectives(CandidateID(1))) {
      try builder.add(.evaluated(single), at: 1)
    }
  }

  @Test func `an evaluation with a discarded result does not count until it comes again`() throws {
    var records = [
      JournalRecord.proposed(CandidateID(0), run.genome(0)), try completion(0, by: "bad"),
      .evaluated(evaluated(0, correct: 10, throughput: 100)),
      .discarded(DiscardedKey(keyName: "bad", diagnostic: "sick", restartsSearch: false)),
    ]
    let discards = DiscardedResults(in: records)
    let without = try content(of: records, discards)
    #expect(without.members.isEmpty)
    #expect(without.evaluationCount == 0)
    records += [
      try completion(0, by: "good"), .evaluated(evaluated(0, correct: 4, throughput: 100)),
    ]
    let with = try content(of: records, discards)
    #expect(with.evaluations[CandidateID(0)]?.correctCount == 4)
    #expect(with.evaluationCount == 1)
    // The same results of a key that is trusted count.
    #expect(try content(of: Array(records[..<3])).evaluationCount == 1)
  }

  @Test func `an evaluation behind a discard counts, whatever was measured before`() throws {
    let records = [
      JournalRecord.proposed(CandidateID(0), run.genome(0)), try completion(0, by: "bad"),
      .discarded(DiscardedKey(keyName: "bad", diagnostic: "sick", restartsSearch: false)),
      try completion(0, by: "good"), .evaluated(evaluated(0, correct: 4, throughput: 100)),
    ]
    let content = try content(of: records, DiscardedResults(in: records))
    #expect(content.members.map(\.id) == [CandidateID(0)])
    #expect(content.evaluationCount == 1)
  }

  @Test func `of a search that has begun anew nothing is shown`() throws {
    let records =
      records + [
        .discarded(DiscardedKey(keyName: "bad", diagnostic: "sick", restartsSearch: true)),
        .proposed(CandidateID(0), run.genome(0)),
        .evaluated(evaluated(0, correct: 5, throughput: 50)),
      ]
    let content = try content(of: records, DiscardedResults(in: records))
    #expect(content.members.map(\.genome) == [run.genome(0)])
    #expect(content.evaluationCount == 1)
    #expect(content.quarantined.isEmpty)
  }

  @Test func `a snapshot and the records behind it give what all records give`() throws {
    let later: [JournalRecord] = [
      .evaluated(evaluated(4, correct: 10, throughput: 120)),
      .proposed(CandidateID(5), run.genome(1, 0)),
      .evaluated(evaluated(5, correct: 6, throughput: 200)),
    ]
    let earlier = records + [.proposed(CandidateID(4), run.genome(1, 1, 0))]
    let whole = try content(of: earlier + later)
    let members = try content(of: earlier).members
    let snapshot = RunSnapshot(
      recordCount: earlier.count,
      opening: RunOpening(term: Term(1), description: run.description, settings: "s"),
      proposalCount: 5, evaluationCount: 3, quarantinedCount: 1,
      archive: members.map {
        StoredIndividual(
          candidate: $0.id, genome: $0.genome, objectives: $0.objectives, violation: $0.violation)
      },
      waiting: [StoredProposal(candidate: CandidateID(4), genome: run.genome(1, 1, 0))],
      knownCodes: [], algorithmState: [1], done: [], completed: [], quarantined: [CandidateID(3)],
      shardCount: 0,
      paceSamples: [], paceNext: 0)
    var builder = try FrontBuilder(
      space: run.space, objectives: run.description.objectives,
      imageCount: run.description.imageCount, discards: DiscardedResults(),
      snapshot: snapshot)
    for (index, record) in later.enumerated() {
      try builder.add(record, at: snapshot.recordCount + index)
    }
    var found = builder.content
    #expect(found.members == whole.members)
    #expect(found.evaluationCount == whole.evaluationCount)
    // What the snapshot does not hold stands in records that are looked up.
    #expect(found.unknown == [CandidateID(2), CandidateID(3)])
    found.complete(with: earlier)
    #expect(found.unknown.isEmpty)
    #expect(found.evaluations[CandidateID(2)]?.correctCount == 7)
    #expect(found.quarantined[CandidateID(3)]?.reason == "three workers died")
  }

  @Test func `a snapshot of another model is refused`() throws {
    var snapshot = RunSnapshot(
      recordCount: 1,
      opening: RunOpening(term: Term(1), description: run.description, settings: "s"),
      proposalCount: 1, evaluationCount: 1, quarantinedCount: 0,
      archive: [
        StoredIndividual(
          candidate: CandidateID(0), genome: run.genome(0), objectives: [-1], violation: 0)
      ],
      waiting: [], knownCodes: [], algorithmState: [1], done: [], completed: [], quarantined: [],
      shardCount: 0,
      paceSamples: [], paceNext: 0)
    func build() throws -> FrontBuilder {
      try FrontBuilder(
        space: run.space, objectives: run.description.objectives,
        imageCount: run.description.imageCount, discards: DiscardedResults(),
        snapshot: snapshot)
    }
    #expect(throws: FrontBuilder.Misfit.objectives(CandidateID(0))) { try build() }
    snapshot.archive[0].objectives = [-1, -2]
    snapshot.archive[0].genome = Genome(genes: [0])
    #expect(throws: FrontBuilder.Misfit.genome(CandidateID(0))) { try build() }
    snapshot.archive[0].genome = run.genome(0)
    #expect(try build().content.members.count == 1)
  }

  @Test func `many members that come and go leave no trace behind`() throws {
    var builder = builder()
    for number in 0..<200 {
      try builder.add(.proposed(CandidateID(number), run.genome(UInt8(number % 2))), at: 2 * number)
      let better = evaluated(number, correct: 5, throughput: Double(100 + number))
      try builder.add(.evaluated(better), at: 2 * number + 1)
    }
    #expect(builder.content.members.map(\.id) == [CandidateID(199)])
    #expect(Array(builder.content.evaluations.keys) == [CandidateID(199)])
    #expect(builder.content.evaluationCount == 200)
  }
}
