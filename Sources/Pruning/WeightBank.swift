import ContentHashing
import SparseKernels
import SparsityCore

/// The weights of every layer in every pattern that a search may give it, pruned and compressed
/// once.
///
/// Choosing a genome is choosing among them; nothing is pruned during a search. A bank looks only
/// at the decisions about weights. It never changes, so all threads share it.
package struct WeightBank: Sendable {
  /// The decisions that the bank serves.
  package let space: SearchSpace
  /// How the kept weights were chosen.
  package let criterion: PruningCriterion
  /// The identity of what the bank maps a layer and a pattern to.
  ///
  /// Where weights are pruned by magnitude it covers the model's weights and the criterion, not the
  /// patterns nor their order; elsewhere all weights of the bank. Two banks of equal hash
  /// hold equal weights wherever both hold some.
  package let contentHash: ContentHash
  /// The layers, in network order.
  package let layers: [BankedLayer]
  /// Which level of each layer a genome takes.
  package let levelChoice: LevelChoice

  /// Gathers layers that were pruned by magnitude one by one.
  ///
  /// - Precondition: `layers` are all prunable layers of the model, in network order and with the
  ///   patterns that the space gives them.
  package init(space: SearchSpace, layers: [BankedLayer], modelHash: ContentHash) {
    self.init(
      space: space, layers: layers, criterion: .magnitude,
      contentHash: Self.contentHash(modelHash: modelHash))
  }

  private init(
    space: SearchSpace, layers: [BankedLayer], criterion: PruningCriterion,
    contentHash: ContentHash
  ) {
    precondition(layers.map(\.patterns) == space.patterns(of: layers.map(\.layer)))
    self.space = space
    self.layers = layers
    self.criterion = criterion
    self.contentHash = contentHash
    levelChoice = LevelChoice(space: space, layers: layers.map(\.layer))
  }

  /// Gathers layers that were pruned with statistics one by one.
  ///
  /// - Precondition: as for layers that were pruned by magnitude, and the criterion needs
  ///   calibration.
  /// - Complexity: O(weights · patterns).
  package init(space: SearchSpace, calibrated layers: [BankedLayer], criterion: PruningCriterion) {
    precondition(criterion.needsCalibration)
    var hasher = ContentHasher()
    hasher.update("elsa calibrated weight bank 1")
    hasher.update(criterion.rawValue)
    for layer in layers { layer.update(&hasher) }
    self.init(
      space: space, layers: layers, criterion: criterion, contentHash: hasher.finalized())
  }

  /// Builds a bank of all layers, pruned by magnitude, one after the other.
  ///
  /// - Parameters:
  ///   - model: All prunable layers of the model, in network order.
  ///   - modelHash: The content hash of the checkpoint that the weights are from.
  ///   - weights: Gives the row-major outputs × inputs weights of a layer.
  /// - Throws: ``PruningError`` if a layer's weights do not fit it or are not finite.
  package init(
    space: SearchSpace, model: [PrunableLayer], modelHash: ContentHash,
    weights: (PrunableLayer) -> [Float]
  ) throws(PruningError) {
    var layers: [BankedLayer] = []
    for (layer, patterns) in zip(model, space.patterns(of: model)) {
      layers.append(
        try BankedLayer(layer: layer, weights: weights(layer).span, patterns: patterns))
    }
    self.init(space: space, layers: layers, modelHash: modelHash)
  }

  /// Returns the weights of each layer that a genome chooses, in network order; `nil` where the
  /// level is dense and the model's own weights serve.
  ///
  /// - Precondition: the search space contains `genome`.
  package func weights(of genome: Genome) -> [CompressedWeights?] {
    zip(layers, levelChoice.levels(of: genome)).map { $0.levels[$1] }
  }

  /// The bytes that the compressed weights of all layers and levels take.
  package var size: Int { layers.reduce(0) { $0 + $1.size } }

  /// Returns the content hash of any bank of a model pruned by magnitude, without building one.
  package static func contentHash(modelHash: ContentHash) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update("elsa weight bank 1")
    hasher.update(modelHash)
    hasher.update(PruningCriterion.magnitude.rawValue)
    return hasher.finalized()
  }
}

/// Which of its levels each layer takes for a genome of a search space.
package struct LevelChoice: Hashable, Sendable {
  /// The decision about each layer's weights by its place in the space; `nil` where none is.
  private let decisions: [Int?]

  /// Finds the decisions about some layers' weights.
  package init(space: SearchSpace, layers: [PrunableLayer]) {
    decisions = space.decisions(about: layers)
  }

  /// Returns the level of each layer; the only one where nothing is decided.
  ///
  /// - Precondition: the search space contains `genome`.
  package func levels(of genome: Genome) -> [Int] {
    decisions.map { $0.map { Int(genome.genes[$0]) } ?? 0 }
  }
}

extension BankedLayer {
  /// Adds the layer's name, patterns and weights to a hash.
  fileprivate func update(_ hasher: inout ContentHasher) {
    hasher.update(layer.name)
    for (level, pattern) in patterns.enumerated() {
      hasher.update("\(pattern)")
      let numbers = levels[level]?.decompressed() ?? []
      var bytes: [UInt8] = []
      bytes.reserveCapacity(4 * numbers.count)
      for number in numbers {
        let bits = number.bitPattern
        for shift in [UInt32(0), 8, 16, 24] {
          bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
        }
      }
      hasher.update(UInt64(bytes.count))
      hasher.update(bytes.span)
    }
  }
}
