import Coordination
import Foundation
import RunReports
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// What a front says of the loss of accuracy against the dense model.
struct DenseComparisonTests {
  private let run: SmallRun
  private let temporary = TemporaryRun()
  private var directory: RunDirectory { temporary.directory }
  private var dense: Genome { run.genome(1) }
  private var sparse: Genome { run.genome(0) }

  init() throws {
    run = try SmallRun()
    try directory.create()
    try "model: {weights: model.safetensors}".write(
      toFile: directory.runFile, atomically: true, encoding: .utf8)
    try SmallRun.configuration.write(
      toFile: directory.configuration, atomically: true, encoding: .utf8)
  }

  /// The results of a genome's two shards of five images; `right` has a 1 for each image that was
  /// classified correctly.
  private func results(
    _ candidate: Int, _ genome: Genome, _ right: String, by keyName: String = "good"
  ) -> [JournalRecord] {
    let slices = ImageSlice.slices(imageCount: 10, shardSize: 5)
    let keys = ShardKeys(description: run.description).keys(of: genome, slices: slices)
    return zip(slices, keys).enumerated().map { place, shard in
      var correct = BitVector(count: 5)
      for (index, image) in right.dropFirst(shard.0.start).prefix(5).enumerated() {
        correct[index] = image == "1"
      }
      return .shardCompleted(
        ShardCompletion(
          shard: ShardID(candidate: CandidateID(candidate), slice: place), key: shard.1,
          measurement: ShardMeasurement(correct: correct, summedLoss: 1), worker: "w",
          evaluationMicroseconds: 1, keyName: keyName))
    }
  }

  private func front(of records: [JournalRecord]) throws -> FrontReport {
    let opening = RunOpening(
      term: Term(1), description: run.description, settings: SmallRun.settings)
    let journal = try Journal(in: directory)
    try journal.append(
      [.opened(opening)] + records, at: 0, writtenAt: Date(timeIntervalSince1970: 1_700_000_000))
    try journal.close()
    return try JournaledFront(directory: directory) { Issue.record("\($0)") }
      .comparedWithDense { Issue.record("\($0)") }.front
  }

  /// Two members: the dense one with 9 of 10, and one that loses three images and gains one.
  private var records: [JournalRecord] {
    let proposed: [JournalRecord] = [
      .proposed(CandidateID(0), dense), .proposed(CandidateID(1), sparse),
    ]
    return proposed + results(0, dense, "1111111110") + results(1, sparse, "0001111111") + [
      .evaluated(evaluated(0, correct: 9, throughput: 100)),
      .evaluated(evaluated(1, correct: 7, throughput: 150)),
    ]
  }

  @Test func `a member's loss is told image by image, with an interval`() throws {
    let front = try front(of: records)
    #expect(front.dense?.correct == 9)
    #expect(front.dense?.accuracy == 0.9)
    #expect(front.points.map(\.accuracyLoss) == [0, 0.2])
    #expect(front.points[0].accuracyLossInterval == ConfidenceInterval(lower: 0, upper: 0))
    // Three lost and one gained: of the unpaired counts 9 and 7 it would be that of (2, 0).
    #expect(
      front.points[1].accuracyLossInterval == ConfidenceInterval(ofDifference: 3, 1, of: 10))
    #expect(front.points[1].accuracyInterval == ConfidenceInterval(ofProportion: 7, of: 10))
    #expect(front.lines[0].contains("points lost (95 %)"))
    #expect(front.lines[3].contains("20.0 ("), "\(front.lines[3])")
    #expect(front.lines.contains { $0.hasPrefix("dense: 90.0 % (59.6–98.2) of 10 images") })
  }

  @Test func `the loss does not depend on whether the dense model is on the front`() throws {
    let better: [JournalRecord] = [.proposed(CandidateID(2), run.genome(0, 0))]
    let front = try front(
      of: records + better + results(2, run.genome(0, 0), "1111111111")
        + [.evaluated(evaluated(2, correct: 10, throughput: 120))])
    #expect(front.points.map(\.candidate) == [2, 1])
    #expect(front.dense?.correct == 9)
    #expect(front.points.map(\.accuracyLoss) == [-0.1, 0.2])
    #expect(front.points[0].accuracyLossInterval == ConfidenceInterval(ofDifference: 0, 1, of: 10))
  }

  @Test func `results that were discarded say nothing, those that came for them do`() throws {
    let discarded = DiscardedKey(keyName: "bad", diagnostic: "sick", restartsSearch: false)
    let front = try front(
      of: [.proposed(CandidateID(0), dense), .proposed(CandidateID(1), sparse)]
        + results(0, dense, "0000000000", by: "bad") + [.discarded(discarded)]
        + results(0, dense, "1111111110") + results(1, sparse, "0001111111") + [
          .evaluated(evaluated(0, correct: 9, throughput: 100)),
          .evaluated(evaluated(1, correct: 7, throughput: 150)),
        ])
    #expect(front.dense?.correct == 9)
    #expect(front.points.map(\.accuracyLoss) == [0, 0.2])
  }

  @Test func `results from before a search that has begun anew still count by their images`() throws
  {
    // The genomes have other numbers in the new search, which measures nothing again.
    let front = try front(
      of: results(7, dense, "1111111110") + results(9, sparse, "0001111111") + [
        .discarded(DiscardedKey(keyName: "bad", diagnostic: "sick", restartsSearch: true)),
        .proposed(CandidateID(0), dense), .proposed(CandidateID(1), sparse),
        .evaluated(evaluated(0, correct: 9, throughput: 100)),
        .evaluated(evaluated(1, correct: 7, throughput: 150)),
      ])
    #expect(front.points.map(\.accuracyLoss) == [0, 0.2])
  }

  @Test func `without all results of the dense model nothing is said of losses`() throws {
    let front = try front(
      of: [.proposed(CandidateID(0), dense), .proposed(CandidateID(1), sparse)]
        + results(0, dense, "1111111110").prefix(1) + results(1, sparse, "0001111111")
        + [.evaluated(evaluated(1, correct: 7, throughput: 150))])
    #expect(front.dense == nil)
    #expect(front.points.map(\.accuracyLoss) == [nil])
    #expect(front.points.allSatisfy { $0.accuracyInterval != nil })
    #expect(!front.lines[0].contains("points lost"))
  }
}
