import AcceleratorModel
import Coordination
import Evaluation
import ImageData
import ModelFiles
import Pruning
import SparsityCore
import WireProtocol

/// Evaluates shards with a real model on real images, both opened from a shared file system.
public struct ModelShardEvaluator: ShardEvaluator {
  /// What was loaded.
  public let inputs: PreparedInputs

  private let evaluator: Evaluator
  private let costs: CostModel
  private let shuffledImages: [Int]

  /// The forward batches between two reports of progress.
  private static let batchesPerStep = 8

  /// Opens the inputs of a run, checks their content and builds the weight bank.
  ///
  /// - Throws: an error in words: a file is missing or has other content than the run wants, or
  ///   this machine cannot compute in the run's numerics.
  public init(description: RunDescription, threads: Int) throws {
    try description.numerics.apply()
    guard let criterion = PruningCriterion(rawValue: description.criterion) else {
      throw InputError.unknownCriterion(description.criterion)
    }
    let configuration = description.configuration
    guard try contentHash(ofFileAt: configuration.path) == configuration.content else {
      throw InputError.otherContent(path: configuration.path)
    }
    let model = try LoadedModel(
      path: description.model.path, configurationPath: configuration.path)
    guard model.contentHash == description.model.content else {
      throw InputError.otherContent(path: description.model.path)
    }
    let images = try ImageSet(packedFile: description.data.path)
    let data = images.contentHash(threads: threads)
    guard data == description.data.content else {
      throw InputError.otherContent(path: description.data.path)
    }
    let space = model.searchSpace(patterns: description.patterns)
    let bank = try model.runBank(
      space: space, criterion: criterion, configurationPath: configuration.path, threads: threads)
    evaluator = try Evaluator(
      model: model, bank: bank, images: images, numerics: description.numerics, threads: threads)
    costs = try CostModel(
      shape: model.weights.shape, space: space,
      profile: description.acceleratorProfile(),
      batch: description.acceleratorBatch)
    shuffledImages = description.shuffledImages()
    inputs = PreparedInputs(
      space: space, model: model.contentHash, data: data, imageCount: images.count,
      bank: bank.contentHash)
  }

  /// Measures a genome on a slice of the shuffled search set and computes its cost.
  public func evaluate(_ task: EvaluationTask, control: EvaluationControl) throws -> ShardOutcome {
    let images = Array(shuffledImages[task.slice.range])
    var correct = BitVector(count: images.count)
    var summedLoss = 0.0
    // Steps of whole forward batches give the same bits as the slice in one piece.
    let step = Self.batchesPerStep * evaluator.numerics.forwardBatch
    for start in stride(from: 0, to: images.count, by: step) {
      let part = Array(images[start..<min(start + step, images.count)])
      let measured = try evaluator.evaluate(
        genome: task.genome, imageIndices: part, isCancelled: { control.isCancelled })
      for offset in part.indices { correct[start + offset] = measured.correct[offset] }
      for loss in measured.losses { summedLoss += loss }
      control.progressed(imagesDone: start + part.count)
    }
    return ShardOutcome(
      measurement: ShardMeasurement(correct: correct, summedLoss: summedLoss),
      costs: costs.cost(of: task.genome).wireValues)
  }
}

/// Why a worker cannot use what it found at a run's paths.
enum InputError: Error, Equatable, CustomStringConvertible {
  case otherContent(path: String)
  case unknownCriterion(String)

  /// The error in words.
  var description: String {
    switch self {
    case .otherContent(let path):
      "\(path) has other content than the run was started with; does this machine see the same "
        + "file system as the coordinator?"
    case .unknownCriterion(let criterion):
      "this version cannot prune by \"\(criterion)\"; use the coordinator's version"
    }
  }
}
