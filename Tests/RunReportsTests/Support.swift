import AcceleratorModel
import ContentHashing
import Foundation
import NetworkArchitectures
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// A run about a small network, all layers of which take 2:4 or 4:4.
struct SmallRun {
  let network: Network
  let space: SearchSpace
  let description: RunDescription

  /// The model's configuration.
  static let configuration = """
    {"architecture": "small.v1", "img_size": 8, "patch_size": 4, "in_chans": 1,
     "embed_dim": 128, "depth": 1, "num_heads": 2, "mlp_ratio": 2,
     "qkv_bias": true, "class_token": true, "num_classes": 4, "mean": [0.5], "std": [0.5],
     "ln_eps": 1e-6, "act": "gelu_erf", "resize": 8, "crop_pct": 1.0, "interpolation": "bicubic"}
    """

  /// The run file; every member counts for the hypervolume.
  static let settings = """
    model: {weights: model.safetensors}
    data: {search: search.safetensors}
    patterns: ["2:4", "4:4"]
    referencePoint: {accuracy: 0, throughput: 0}
    """

  init(objectives: [Objective] = [.accuracy, .throughput], criterion: String = "magnitude") throws {
    let run = try ExampleRun(width: 128)
    (network, space) = (run.network, run.space)
    var description = run.description
    description.configuration = RunInput(
      path: "config", content: ContentHash(of: Array(Self.configuration.utf8).span))
    description.imageCount = 10
    description.shardSize = 5
    description.objectives = objectives
    description.criterion = criterion
    description.costNames = ["latencyCycles"]
    self.description = description
  }

  /// The genome whose first genes are `genes`, dense behind them.
  func genome(_ genes: UInt8...) -> Genome {
    Genome(genes: genes + [UInt8](repeating: 1, count: space.decisions.count - genes.count))
  }
}

/// The record of an evaluation.
func evaluated(
  _ candidate: Int, correct: Int, throughput: Double, keys: [String] = []
) -> EvaluatedCandidate {
  EvaluatedCandidate(
    candidate: CandidateID(candidate), correctCount: correct, imageCount: 10, summedLoss: 5,
    costs: [12], objectives: [Double(correct) / 10, throughput], keyNames: keys)
}

/// The record of a shard that a key has delivered.
func completion(_ candidate: Int, by keyName: String) throws -> JournalRecord {
  return .shardCompleted(
    ShardCompletion(
      shard: ShardID(candidate: CandidateID(candidate), slice: 0),
      key: ShardKey(ContentHash(repeating: 9)),
      measurement: ShardMeasurement(correct: BitVector(count: 5), summedLoss: 1.5), worker: "w",
      evaluationMicroseconds: 2_500, keyName: keyName))
}
