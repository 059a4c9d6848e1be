import Foundation
import RunStorage
import SparsityCore
import Testing
import WireProtocol

/// A folder of its own that is removed with the value.
final class TemporaryRun {
  let directory: RunDirectory

  init() {
    let name = "elsa-run-storage-\(UUID().uuidString)"
    directory = RunDirectory(path: FileManager.default.temporaryDirectory.path + "/" + name)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory.path) }
}

/// A hash made of one repeated byte.
func hash(_ byte: UInt8) throws -> ContentHash {
  try #require(ContentHash(bytes: [UInt8](repeating: byte, count: 32)))
}

/// The description of a small run.
func exampleDescription() throws -> RunDescription {
  RunDescription(
    run: try #require(RunID(7)), model: RunInput(path: "m", content: try hash(1)),
    configuration: RunInput(path: "c", content: try hash(2)),
    data: RunInput(path: "d", content: try hash(3)), imageCount: 10, bank: try hash(4),
    criterion: "magnitude",
    space: SearchSpace(
      decisions: try ["first", "second"].map { name in
        Decision(
          name: name, choices: [try #require(Choice("2:4", kind: .pattern)), .pattern(.dense)])
      }),
    numerics: Numerics(
      precision: .f32, kernelTable: 1, instructionSet: .avx2, forwardBatch: 4),
    accelerator: "systolic32", acceleratorBatch: 1, objectives: [.accuracy, .throughput],
    costNames: ["latencyCycles"], shuffleSeed: 1, shardSize: 5)
}

/// The record of a start.
func opening(epoch: UInt32 = 1) throws -> JournalRecord {
  .opened(
    RunOpening(epoch: Epoch(epoch), description: try exampleDescription(), settings: "s"))
}

/// The record of a shard's result.
func completion(_ number: Int) throws -> JournalRecord {
  var correct = BitVector(count: 5)
  correct[number % 5] = true
  return .shardCompleted(
    ShardCompletion(
      shard: ShardID(candidate: CandidateID(number), slice: 1),
      key: ShardKey(try hash(UInt8(truncatingIfNeeded: number))),
      measurement: ShardMeasurement(correct: correct, summedLoss: 1.5), worker: "node/1",
      evaluationMicroseconds: 2_500))
}

/// A birth, `count` results and an evaluation.
func exampleRecords(count: Int) throws -> [JournalRecord] {
  var records = [try opening(), .born(CandidateID(0), Genome(genes: [0, 1]))]
  records += try (0..<count).map(completion)
  records.append(
    .evaluated(
      EvaluatedCandidate(
        candidate: CandidateID(0), correctCount: 2, imageCount: 10, summedLoss: 3,
        costs: [12], objectives: [0.2, 1e6])))
  records.append(.quarantined(CandidateID(3), words: "three workers died"))
  return records
}

/// The time at which tests write.
let exampleTime = Date(timeIntervalSince1970: 1_700_000_000)
