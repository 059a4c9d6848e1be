import Dispatch
import Pruning
import SparsityCore
import Synchronization
import VisionTransformers

extension LoadedModel {
  /// The layers of the model with the patterns that each may take.
  ///
  /// - Precondition: 1 to 255 patterns, none twice.
  public func searchSpace(patterns: [NMPattern]) -> SearchSpace {
    SearchSpace(layers: weights.shape.prunableLayers, patterns: patterns)
  }

  /// Prunes and compresses every layer for each pattern of a search space, on several threads.
  ///
  /// - Complexity: O(weights · patterns · M).
  public func weightBank(
    space: SearchSpace, criterion: PruningCriterion, threads: Int
  ) throws(EvaluationError) -> WeightBank {
    precondition(threads > 0)
    precondition(space.layers == weights.shape.prunableLayers)
    let count = space.layers.count
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
            layer: space.layers[index], weights: parameters.weights.span,
            patterns: space.patterns, criterion: criterion)
        }
        finished.withLock { $0[index] = result }
      }
    }
    let results = finished.withLock { $0 }
    do {
      let layers = try results.compactMap { $0 }.map { (result) throws(PruningError) in
        try result.get()
      }
      return WeightBank(
        space: space, layers: layers, modelHash: contentHash, criterion: criterion)
    } catch {
      throw .pruning(error)
    }
  }
}
