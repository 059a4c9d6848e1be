import Dispatch
import LinearAlgebra
import Pruning
import SparsityCore
import Synchronization
import VisionTransformers

/// The weights of every layer at every level of a search space, in the form that runs fastest.
package struct PackedBank: Sendable {
  /// For each layer, in network order, what it runs with at each level.
  private let layers: [[LayerWeights]]

  /// Packs a bank for the arithmetic of a model, on several threads.
  ///
  /// - Complexity: O(weights · patterns).
  package init(_ bank: WeightBank, for model: any PackedNetwork, threads: Int) {
    precondition(threads > 0)
    let space = bank.space
    let count = space.layers.count
    let next = Mutex(0)
    let packed = Mutex([[LayerWeights]](repeating: [], count: count))
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
      limitThreadsToCaller()
      while true {
        let index = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard index < count else { return }
        let levels = space.patterns.indices.map { level in
          model.layerWeights(bank.weights(layer: index, level: level), at: index)
        }
        packed.withLock { $0[index] = levels }
      }
    }
    self.layers = packed.withLock { $0 }
  }

  /// Returns what each layer runs with for a genome of the bank's space.
  package func weights(of genome: Genome) -> [LayerWeights] {
    precondition(genome.genes.count == layers.count)
    return zip(layers, genome.genes).map { levels, gene in levels[Int(gene)] }
  }
}
