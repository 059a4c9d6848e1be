import SparseKernels
import SparsityCore

/// One layer's weights, pruned and compressed for each pattern that it may take: its levels.
package struct BankedLayer: Sendable {
  package let layer: PrunableLayer
  /// The patterns of the levels, from sparsest to densest.
  package let patterns: [NMPattern]
  /// The weights of each level; `nil` stands for the layer's own, dense weights.
  package let levels: [CompressedWeights?]
  /// The share of the output energy that each level loses on the calibration images, if measured.
  package let outputErrors: [Double]?

  /// Gathers the levels of a layer.
  ///
  /// - Precondition: there is one of each for each pattern, and they fit the layer.
  package init(
    layer: PrunableLayer, patterns: [NMPattern], levels: [CompressedWeights?],
    outputErrors: [Double]?
  ) {
    precondition(levels.count == patterns.count)
    precondition(outputErrors.map { $0.count == patterns.count } ?? true)
    for (pattern, level) in zip(patterns, levels) {
      precondition((level == nil) == pattern.isDense)
      guard let level else { continue }
      precondition(level.outputs == layer.outputs)
      precondition(level.inputs == layer.inputs)
      precondition(level.pattern == pattern)
    }
    self.layer = layer
    self.patterns = patterns
    self.levels = levels
    self.outputErrors = outputErrors
  }

  /// Prunes a layer's row-major weights by magnitude for each of some patterns.
  ///
  /// Layers are independent of each other, so several may be built at the same time.
  ///
  /// - Throws: ``PruningError`` if `weights` has another count than the layer or holds a number
  ///   that is not finite.
  /// - Complexity: O(weights · patterns · M).
  package init(
    layer: PrunableLayer, weights: Span<Float>, patterns: [NMPattern]
  ) throws(PruningError) {
    let (outputs, inputs) = (layer.outputs, layer.inputs)
    guard weights.count == outputs * inputs else {
      throw .wrongCount(
        layer: layer.name, found: weights.count, outputs: outputs, inputs: inputs)
    }
    for index in 0..<weights.count where !weights[index].isFinite {
      throw .notFinite(layer: layer.name, output: index / inputs, input: index % inputs)
    }
    var levels: [CompressedWeights?] = []
    for pattern in patterns {
      guard !pattern.isDense else {
        levels.append(nil)
        continue
      }
      let pruned = magnitudePruned(
        weights: weights, outputs: outputs, inputs: inputs, pattern: pattern)
      do throws(SparseKernelError) {
        levels.append(
          try CompressedWeights(
            pruned: pruned.span, outputs: outputs, inputs: inputs, pattern: pattern))
      } catch {
        preconditionFailure("pruning by magnitude left too many weights: \(error)")
      }
    }
    self.init(layer: layer, patterns: patterns, levels: levels, outputErrors: nil)
  }

  /// The bytes that the compressed weights of all levels take.
  package var size: Int { levels.reduce(0) { $0 + ($1?.size ?? 0) } }
}
