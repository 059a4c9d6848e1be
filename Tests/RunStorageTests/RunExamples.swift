import Foundation
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// The description of a small run.
func exampleDescription() throws -> RunDescription {
  var description = try ExampleRun().description
  description.imageCount = 10
  description.shardSize = 5
  return description
}

/// The record of a start.
func opening(term: UInt32 = 1) throws -> JournalRecord {
  .opened(
    RunOpening(term: Term(term), description: try exampleDescription(), settings: "s"))
}

/// The record of a shard's result.
func completion(_ number: Int) throws -> JournalRecord {
  var correct = BitVector(count: 5)
  correct[number % 5] = true
  return .shardCompleted(
    ShardCompletion(
      shard: ShardID(candidate: CandidateID(number), slice: 1),
      key: ShardKey(ContentHash(repeating: UInt8(truncatingIfNeeded: number))),
      measurement: ShardMeasurement(correct: correct, summedLoss: 1.5), worker: "node/1",
      evaluationMicroseconds: 2_500))
}

/// A proposal, `count` results and an evaluation.
func exampleRecords(count: Int) throws -> [JournalRecord] {
  var records = [try opening(), .proposed(CandidateID(0), Genome(genes: [0, 1]))]
  records += try (0..<count).map(completion)
  records.append(
    .evaluated(
      EvaluatedCandidate(
        candidate: CandidateID(0), correctCount: 2, imageCount: 10, summedLoss: 3,
        costs: [12], objectives: [0.2, 1e6])))
  records.append(.quarantined(CandidateID(3), diagnostic: "three workers died"))
  return records
}

/// The time at which tests write.
let exampleTime = Date(timeIntervalSince1970: 1_700_000_000)
