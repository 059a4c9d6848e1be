import Dispatch
import LinearAlgebra
import Pruning
import SparsityCore
import Synchronization
import VisionTransformers

/// The weights of every layer at every level, in the form that runs fastest.
package struct PackedBank: Sendable {
  private let levelChoice: LevelChoice
  /// For each layer, in network order, what it runs with at each level.
  private let layers: [[LayerWeights]]

  /// Packs a bank for the arithmetic of a model, on several threads.
  ///
  /// - Complexity: O(weights · patterns).
  package init(_ bank: WeightBank, for model: any PackedNetwork, threads: Int) {
    precondition(threads > 0)
    let count = bank.layers.count
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
        let levels = bank.layers[index].levels.map { model.layerWeights($0, at: index) }
        packed.withLock { $0[index] = levels }
      }
    }
    levelChoice = bank.levelChoice
    self.layers = packed.withLock { $0 }
  }

  /// Returns what each layer runs with for a genome of the bank's space.
  package func weights(of genome: Genome) -> [LayerWeights] {
    zip(layers, levelChoice.levels(of: genome)).map { $0[$1] }
  }
}
