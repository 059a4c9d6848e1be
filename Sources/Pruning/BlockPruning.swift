import LinearAlgebra
import SparsityCore

/// The size of the blocks of weights that are pruned together.
package struct BlockSize: Hashable, Sendable {
  package let outputs: Int
  package let inputs: Int

  package init(outputs: Int, inputs: Int) {
    precondition(outputs > 0 && inputs > 0)
    self.outputs = outputs
    self.inputs = inputs
  }

  /// Reads a size written as in `16x32`: outputs, then inputs.
  package init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard
      parts.count == 2, let outputs = Int(parts[0]), let inputs = Int(parts[1]),
      (1...4096).contains(outputs), (1...4096).contains(inputs)
    else { return nil }
    self.init(outputs: outputs, inputs: inputs)
    guard description == text else { return nil }
  }
}

extension BlockSize: CustomStringConvertible {
  package var description: String { "\(outputs)x\(inputs)" }
}

/// Prunes a layer block by block, those of least importance first, as LSP does.
///
/// Xu et al., "LPViT", arXiv 2407.02068. A block's score is the second-order Taylor term of the
/// layer's output error if it alone is set to zero, per weight: ½·wᵀ·H·w with H = 2/rows · Σ x·xᵀ
/// and w the block's weights of an output, summed over its outputs. (LSP takes the first-order
/// Fisher estimate of H from gradients; here H is exact.) Blocks at the edges may be smaller.
package struct BlockPruning: Sendable {
  /// The weights, none pruned.
  package let weights: LayerMatrix
  /// The squared error of the outputs over their squares, at densities 0, 1/*n*, … 1. It may exceed
  /// one where outputs are small because inputs cancel each other.
  package let outputErrors: [Double]
  /// The blocks, the least important first.
  private let blocks: [Block]

  /// One block and its score.
  private struct Block: Sendable {
    let outputs: Range<Int>
    let inputs: Range<Int>
    var score = 0.0
    var count: Int { outputs.count * inputs.count }
  }

  /// Scores the blocks of a layer; equal ones stay in their order, row by row of blocks.
  ///
  /// - Parameter steps: The steps of the curve of output errors, *n*.
  /// - Complexity: O(weights · `inputs`).
  package init(
    weights: LayerMatrix, statistics: InputStatistics, size: BlockSize, steps: Int = 100
  ) {
    precondition(statistics.inputs == weights.inputs && steps > 0)
    let moments = statistics.secondMoments()
    var blocks: [Block] = []
    for output in stride(from: 0, to: weights.outputs, by: size.outputs) {
      for input in stride(from: 0, to: weights.inputs, by: size.inputs) {
        var block = Block(
          outputs: output..<min(output + size.outputs, weights.outputs),
          inputs: input..<min(input + size.inputs, weights.inputs))
        block.score = Self.energy(of: block, weights, moments) / Double(block.count)
        blocks.append(block)
      }
    }
    self.weights = weights
    blocks = blocks.enumerated().sorted {
      ($0.element.score, $0.offset) < ($1.element.score, $1.offset)
    }.map(\.element)
    self.blocks = blocks
    self.outputErrors = Self.outputErrors(of: blocks, weights, moments, steps: steps)
  }

  /// Returns the weights of which a share is kept; the blocks of least score are zero.
  ///
  /// - Precondition: `density` is in 0…1.
  package func pruned(density: Double) -> LayerMatrix {
    var result = weights
    for block in blocks.prefix(prunedCount(density: density)) {
      for output in block.outputs {
        for input in block.inputs { result.values[output * weights.inputs + input] = 0 }
      }
    }
    return result
  }

  private func prunedCount(density: Double) -> Int {
    precondition((0...1).contains(density))
    return Self.prunedCount(density: density, of: blocks.count)
  }

  /// Returns how many of some blocks are pruned so that a share of them is kept.
  private static func prunedCount(density: Double, of count: Int) -> Int {
    count - Int(density * Double(count) + 0.5)
  }

  /// Returns the curve of output errors.
  private static func outputErrors(
    of blocks: [Block], _ weights: LayerMatrix, _ moments: [Double], steps: Int
  ) -> [Double] {
    let total = zip(weights.values, weights.times(moments)).reduce(0) { $0 + $1.0 * $1.1 }
    guard total > 0 else { return Array(repeating: 0, count: steps + 1) }
    // The lost outputs' products with the inputs: (pruned weights) · moments.
    var lost = [Double](repeating: 0, count: weights.values.count)
    var error = 0.0
    var errors = [Double](repeating: 0, count: steps + 1)
    var pruned = 0
    for step in (0...steps).reversed() {
      let wanted = prunedCount(density: Double(step) / Double(steps), of: blocks.count)
      while pruned < wanted {
        error += remove(blocks[pruned], weights, moments, &lost)
        pruned += 1
      }
      errors[step] = max(0, error / total)
    }
    return errors
  }

  /// Returns the output energy of a block alone: ½·wᵀ·H·w.
  private static func energy(
    of block: Block, _ weights: LayerMatrix, _ moments: [Double]
  ) -> Double {
    let (values, moments, inputs) = (weights.values.span, moments.span, weights.inputs)
    var energy = 0.0
    for output in block.outputs {
      for row in block.inputs {
        var sum = 0.0
        for column in block.inputs {
          sum += moments[row * inputs + column] * values[output * inputs + column]
        }
        energy += values[output * inputs + row] * sum
      }
    }
    return energy
  }

  /// Adds a block to the lost weights and returns by how much the error grows.
  private static func remove(
    _ block: Block, _ weights: LayerMatrix, _ moments: [Double], _ lost: inout [Double]
  ) -> Double {
    var growth = energy(of: block, weights, moments)
    var products = lost.mutableSpan
    let (values, moments, inputs) = (weights.values.span, moments.span, weights.inputs)
    for output in block.outputs {
      let start = output * inputs
      for input in block.inputs { growth += 2 * values[start + input] * products[start + input] }
      for input in block.inputs {
        let weight = values[start + input]
        for column in 0..<inputs {
          products[start + column] += weight * moments[input * inputs + column]
        }
      }
    }
    return growth
  }
}
