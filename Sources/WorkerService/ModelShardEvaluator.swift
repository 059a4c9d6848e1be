import AcceleratorModel
import Coordination
import Evaluation
import ImageData
import ModelFiles
import Pruning
import RunFiles
import SparsityCore
import WireProtocol

/// Evaluates shards with a real model on real images.
package struct ModelShardEvaluator: ShardEvaluator {
  /// What was loaded.
  package let inputs: PreparedInputs

  private let evaluator: Evaluator
  private let costs: GenomeCosts
  private let shuffledImages: [Int]
  /// Keeps files of the cache in their place.
  private let files: InputFiles

  /// The forward batches between two reports of progress.
  private static let batchesPerStep = 8

  /// Gets the inputs of a run: from the paths that it names if this machine has them, else from the
  /// cache or from the coordinator.
  ///
  /// - Throws: an error: a file cannot be had, or this machine cannot compute in the run's
  ///   numerics.
  package init(
    description: RunDescription, fetchingBy channel: InputChannel, settings: InputSettings,
    threads: Int, slots: Int = 1
  ) throws {
    try Self.check(description)
    let shared = InputFiles(sharedBy: description)
    var sharedFailure: (any Error)?
    if settings.usesSharedFiles, shared.exist(InputFiles.roles(of: description)) {
      do {
        self = try ModelShardEvaluator(
          description: description, files: shared, threads: threads, slots: slots)
        return
      } catch {
        // Another peer's files at these paths: the coordinator has the right ones.
        sharedFailure = error
      }
    }
    let fetcher = InputFetcher(channel: channel, settings: settings)
    guard let files = try fetcher.files(of: description) else {
      if let sharedFailure { throw sharedFailure }
      let missing = InputFiles.roles(of: description).first { !shared.exist([$0]) } ?? .model
      throw InputError.notServed(missing, path: shared[missing])
    }
    try self.init(description: description, files: files, threads: threads, slots: slots)
  }

  /// Opens the inputs of a run at the paths that it names.
  ///
  /// - Throws: as `init(description:files:threads:slots:)`.
  package init(description: RunDescription, threads: Int) throws {
    try self.init(
      description: description, files: InputFiles(sharedBy: description), threads: threads)
  }

  /// Opens the inputs of a run, checks their content, and builds or reads the weight bank.
  ///
  /// - Parameters:
  ///   - threads: the number of threads, at least one for each slot.
  ///   - slots: the shards that are evaluated at once; they share model and bank.
  /// - Throws: an error: a file is missing or has other content than the run wants, or
  ///   this machine cannot compute in the run's numerics.
  package init(
    description: RunDescription, files: InputFiles, threads: Int, slots: Int = 1
  ) throws {
    let (numerics, criterion) = try Self.check(description)
    guard let data = description.data, let model = try files.model(of: description) else {
      throw InputError.noBackend(description.numerics.backend)
    }
    let images = try ImageSet(packedFile: files.data)
    // Before anything is as large as the coordinator claims.
    guard images.count == description.imageCount else {
      throw InputError.otherImageCount(
        path: files.data, found: images.count, claimed: description.imageCount)
    }
    let content = images.contentHash(threads: threads)
    guard content == data.content else {
      throw InputError.otherContent(path: files.data)
    }
    let space = description.space
    // Before anything is pruned: decisions about what the model does not have are refused.
    costs = try GenomeCosts(
      network: model.weights.network, space: space, accelerators: description.accelerators,
      listedText: nil, measured: description.measuredCosts)
    let bank = try model.runBank(
      from: description.bank, space: space, criterion: criterion, path: files.bank,
      threads: threads)
    guard !description.bank.isStored || bank.contentHash == description.bank.content else {
      throw InputError.otherContent(path: files.bank)
    }
    evaluator = try Evaluator(
      model: model, bank: bank, images: images, numerics: numerics, threads: threads,
      slots: slots)
    shuffledImages = description.shuffledImages()
    self.files = files
    inputs = PreparedInputs(
      space: space, model: model.contentHash, data: content, imageCount: images.count,
      bank: bank.contentHash)
  }

  /// Sets the process to the run's numerics and returns them and its criterion, if this program can
  /// do both.
  @discardableResult
  private static func check(
    _ description: RunDescription
  ) throws -> (InferenceNumerics, PruningCriterion) {
    let numerics = try InferenceNumerics(description.numerics)
    try numerics.apply()
    guard let criterion = PruningCriterion(rawValue: description.criterion) else {
      throw InputError.unknownCriterion(description.criterion)
    }
    return (numerics, criterion)
  }

  /// Measures a genome on a slice of the shuffled search set and computes its cost.
  package func evaluate(_ task: EvaluationTask, control: EvaluationControl) throws -> ShardOutcome {
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
