import Dispatch
import ImageData
import LinearAlgebra
import Pruning
import SparseKernels
import SparsityCore
import Synchronization
import VisionTransformers

/// Builds a weight bank from calibration images, layer after layer.
///
/// A criterion that is sequential fits each layer behind the layers before it, already pruned: each
/// batch of images sees them at levels drawn at random from the search space, so that the bank
/// suits mixed genomes and not only uniform ones; or at those of the one genome that the bank is
/// for. Other criteria measure the dense model.
struct CalibratedBankBuilder {
  let model: LoadedModel
  let space: SearchSpace
  let criterion: PruningCriterion
  let images: ImageSet
  /// The genome that the bank is for, if it is one alone.
  let genome: Genome?
  /// Where the statistics of dense models are kept.
  let cache: StatisticsCache?
  let threads: Int
  /// The prunable layers of the model, in network order.
  private let modelLayers: [PrunableLayer]
  /// The patterns that each of them may take.
  private let patterns: [[NMPattern]]

  /// The outputs that are pruned at a time; another number gives other bits.
  private static let outputsPerTask = 96

  /// Builds nothing yet.
  init(
    model: LoadedModel, space: SearchSpace, criterion: PruningCriterion, images: ImageSet,
    genome: Genome?, cache: StatisticsCache?, threads: Int
  ) {
    self.model = model
    self.space = space
    self.criterion = criterion
    self.images = images
    self.genome = genome
    self.cache = cache
    self.threads = threads
    modelLayers = model.weights.network.prunableLayers
    patterns = space.patterns(of: modelLayers)
  }

  /// Builds the layers that `stored` does not know.
  ///
  /// - Parameters:
  ///   - stored: Returns a layer that an earlier, interrupted build has finished.
  ///   - finished: Is told each new layer, in network order.
  func build(
    stored: (Int) throws(EvaluationError) -> BankedLayer?,
    finished: (Int, BankedLayer) throws(EvaluationError) -> Void
  ) throws(EvaluationError) -> WeightBank {
    precondition(criterion.needsCalibration)
    try model.checkCalibration(with: images)
    let packed = try model.packed(
      precision: .f32, variant: .best(within: BankArithmetic.instructionSet))
    var source: Source
    if criterion.isSequential {
      let levelChoice = LevelChoice(space: space, layers: modelLayers)
      let levels = genome.map { CalibrationStream.Levels.chosen(levelChoice.levels(of: $0)) }
      source = .sequential(
        CalibrationStream(
          model: packed, normalization: model.normalization, images: images,
          levels: levels ?? .drawn, threads: threads))
    } else {
      source = .dense(
        DenseStatistics(
          model: model, packed: packed, images: images, cache: cache, threads: threads))
    }
    var prefix: CalibrationStream.Prefix = patterns.map { $0.map { _ in .dense } }
    var layers: [BankedLayer] = []
    let blocks = model.weights.network.blocks
    for (place, block) in blocks.enumerated() {
      var own: [BankedLayer?] = []
      for index in block.layers { own.append(try stored(index)) }
      let isKnown = own.allSatisfy { $0 != nil }
      let measured = isKnown ? [] : source.denseStatistics(ofBlock: place)
      for (offset, index) in block.layers.enumerated() {
        let layer: BankedLayer
        if let known = own[offset] {
          layer = known
        } else {
          let statistics =
            source.sequentialStatistics(of: index, block: place, prefix: prefix)
            ?? measured[offset]
          layer = try prune(index, statistics: statistics)
          try finished(index, layer)
        }
        layers.append(layer)
        prefix[index] = layer.levels.map { packed.layerWeights($0, at: index) }
      }
      if place + 1 < blocks.count { source.advance(block: place, prefix: prefix) }
    }
    return WeightBank(space: space, calibrated: layers, criterion: criterion)
  }

  /// Where statistics come from.
  private enum Source {
    case dense(DenseStatistics)
    case sequential(CalibrationStream)

    /// Returns the statistics of a block's layers in the dense model, if those are wanted.
    mutating func denseStatistics(ofBlock block: Int) -> [InputStatistics] {
      guard case .dense(var statistics) = self else { return [] }
      defer { self = .dense(statistics) }
      return statistics.statistics(ofBlock: block)
    }

    /// Returns the statistics of a layer behind pruned ones, if those are wanted.
    func sequentialStatistics(
      of layer: Int, block: Int, prefix: CalibrationStream.Prefix
    ) -> InputStatistics? {
      guard case .sequential(let stream) = self else { return nil }
      return stream.statistics(ofLayers: [layer], block: block, prefix: prefix)[0]
    }

    /// Moves behind a block that is pruned.
    func advance(block: Int, prefix: CalibrationStream.Prefix) {
      if case .sequential(let stream) = self { stream.advance(block: block, prefix: prefix) }
    }
  }

  /// Prunes a layer to every pattern, on several threads.
  private func prune(
    _ index: Int, statistics: InputStatistics
  ) throws(EvaluationError) -> BankedLayer {
    let (layer, patterns) = (modelLayers[index], patterns[index])
    let parameters = model.weights.prunableLayer(at: index)
    let weights = LayerMatrix(
      outputs: layer.outputs, inputs: layer.inputs, values: parameters.weights.map(Double.init))
    let method: CalibratedPruning
    do throws(PruningError) {
      method = try CalibratedPruning(criterion, layer: layer, statistics: statistics)
    } catch {
      throw .pruning(error)
    }
    let parts = stride(from: 0, to: layer.outputs, by: Self.outputsPerTask).map {
      $0..<min($0 + Self.outputsPerTask, layer.outputs)
    }
    let tasks = patterns.indices.filter { !patterns[$0].isDense }.flatMap { level in
      parts.map { (level: level, outputs: $0) }
    }
    let done = Mutex([LayerMatrix?](repeating: nil, count: tasks.count))
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, max(tasks.count, 1))) { _ in
      while true {
        let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard task < tasks.count else { return }
        let (level, outputs) = tasks[task]
        let pruned = method.prune(weights.rows(outputs), pattern: patterns[level])
        done.withLock { $0[task] = pruned }
      }
    }
    let results = done.withLock { $0.compactMap { $0 } }
    var levels: [CompressedWeights?] = []
    var errors: [Double] = []
    for (level, pattern) in patterns.enumerated() {
      guard !pattern.isDense else {
        levels.append(nil)
        errors.append(0)
        continue
      }
      let own = zip(tasks, results).filter { $0.0.level == level }.map { $0.1 }
      let matrix = LayerMatrix(
        outputs: layer.outputs, inputs: layer.inputs, values: own.flatMap(\.values))
      levels.append(try compress(matrix, layer: layer, pattern: pattern))
      errors.append(outputError(of: matrix, original: weights, statistics: statistics))
    }
    return BankedLayer(
      layer: layer, patterns: patterns, levels: levels, outputErrors: errors)
  }

  /// Compresses pruned weights, rounded to fp32.
  private func compress(
    _ matrix: LayerMatrix, layer: PrunableLayer, pattern: NMPattern
  ) throws(EvaluationError) -> CompressedWeights {
    let values = matrix.values.map(Float.init)
    guard values.allSatisfy(\.isFinite) else {
      throw .pruning(.cannotCalibrate(layer: layer.name))
    }
    do throws(SparseKernelError) {
      return try CompressedWeights(
        pruned: values.span, outputs: layer.outputs, inputs: layer.inputs, pattern: pattern)
    } catch {
      preconditionFailure("pruning by \(criterion) left too many weights: \(error)")
    }
  }
}
