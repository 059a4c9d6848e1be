import ContentHashing
import Dispatch
import Foundation
import ImageData
import Pruning
import SparsityCore
import Synchronization
import VisionTransformers

extension LoadedModel {
  /// The space in which each layer of the model takes one of the same patterns.
  ///
  /// - Precondition: at least one pattern, none twice.
  package func searchSpace(patterns: [NMPattern]) -> SearchSpace {
    SearchSpace(layers: weights.network.prunableLayers, patterns: patterns)
  }

  /// Prunes every layer by magnitude for each pattern of a search space, on several threads.
  ///
  /// - Complexity: O(weights · patterns · M).
  package func weightBank(
    space: SearchSpace, threads: Int
  ) throws(EvaluationError) -> WeightBank {
    precondition(threads > 0)
    let layers = weights.network.prunableLayers
    let patterns = space.patterns(of: layers)
    let count = layers.count
    let next = Mutex(0)
    let finished = Mutex([Result<BankedLayer, PruningError>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
      while true {
        let index = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard index < count else { return }
        let parameters = weights.prunableLayer(at: index)
        let result = Result { () throws(PruningError) in
          try BankedLayer(
            layer: layers[index], weights: parameters.weights.span, patterns: patterns[index])
        }
        finished.withLock { $0[index] = result }
      }
    }
    let results = finished.withLock { $0 }
    do {
      let layers = try results.compactMap { $0 }.map { (result) throws(PruningError) in
        try result.get()
      }
      return WeightBank(space: space, layers: layers, modelHash: contentHash)
    } catch {
      throw .pruning(error)
    }
  }
}

extension LoadedModel {
  /// Builds the bank of a criterion that needs calibration images, or goes on with one.
  ///
  /// - Parameters:
  ///   - genome: The genome of the space that the bank is for, if it is one alone: layers are
  ///     then fitted behind just its layers.
  ///   - folder: Where finished layers are kept, so that a build that is interrupted goes on; `nil`
  ///     keeps them in memory alone.
  ///   - cache: Where the statistics of dense models are kept.
  ///   - progress: Is told the number of layers that are done after each.
  package func calibratedBank(
    space: SearchSpace, criterion: PruningCriterion, images: ImageSet, for genome: Genome? = nil,
    folder: String? = nil, cache: StatisticsCache? = nil, threads: Int,
    progress: (Int) throws(EvaluationError) -> Void = { _ in }
  ) throws(EvaluationError) -> WeightBank {
    precondition(genome.map(space.contains) ?? true)
    let layers = weights.network.prunableLayers
    let patterns = space.patterns(of: layers)
    func path(_ index: Int) -> String? { folder.map { "\($0)/\(index).safetensors" } }
    let builder = CalibratedBankBuilder(
      model: self, space: space, criterion: criterion, images: images, genome: genome,
      cache: cache, threads: threads)
    return try builder.build(
      stored: { (index: Int) throws(EvaluationError) in
        guard let path = path(index), FileManager.default.fileExists(atPath: path) else {
          return nil
        }
        return try BankFile.read(
          [layers[index]], patterns: [patterns[index]], criterion: criterion, from: path)[0]
      },
      finished: { (index: Int, layer: BankedLayer) throws(EvaluationError) in
        if let path = path(index) { try BankFile.write([layer], criterion: criterion, to: path) }
        try progress(index + 1)
      })
  }

  /// Returns the name under which a bank is built: a hash of all it depends on.
  package func bankKey(
    space: SearchSpace, criterion: PruningCriterion, calibration: ContentHash
  ) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update("elsa weight bank build 3")
    hasher.update(contentHash)
    hasher.update(criterion.rawValue)
    hasher.update(BankArithmetic.text)
    hasher.update(calibration)
    for patterns in space.patterns(of: weights.network.prunableLayers) {
      hasher.update(patterns.map(\.description).joined(separator: " "))
    }
    return hasher.finalized()
  }
}
