import ContentHashing
import SparseKernels
import SparsityCore

/// The weights of every layer in every pattern of a search space, pruned and compressed once.
///
/// Choosing a genome is choosing among them; nothing is pruned during a search. A bank never
/// changes, so all threads share it.
public struct WeightBank: Sendable {
  /// The layers and patterns that the bank serves.
  public let space: SearchSpace
  /// How the kept weights were chosen.
  public let criterion: PruningCriterion
  /// The identity of what the bank maps a layer and a pattern to.
  ///
  /// Where weights are pruned by magnitude it covers the model's weights and the criterion, not the
  /// patterns nor their order; elsewhere all weights of the bank. Two banks of equal hash
  /// hold equal weights wherever both hold some.
  public let contentHash: ContentHash
  /// The layers, in network order.
  public let layers: [BankedLayer]

  /// Gathers layers that were pruned by magnitude one by one.
  ///
  /// - Precondition: `layers` are those of `space`, in its order and with its patterns.
  public init(space: SearchSpace, layers: [BankedLayer], modelHash: ContentHash) {
    precondition(layers.map(\.layer) == space.layers)
    precondition(layers.allSatisfy { $0.patterns == space.patterns })
    self.space = space
    self.layers = layers
    self.criterion = .magnitude
    self.contentHash = Self.contentHash(modelHash: modelHash)
  }

  /// Gathers layers that were pruned with statistics one by one.
  ///
  /// - Precondition: `layers` are those of `space`, in its order and with its patterns, and the
  ///   criterion needs calibration.
  /// - Complexity: O(weights · patterns).
  public init(space: SearchSpace, calibrated layers: [BankedLayer], criterion: PruningCriterion) {
    precondition(layers.map(\.layer) == space.layers)
    precondition(layers.allSatisfy { $0.patterns == space.patterns })
    precondition(criterion.needsCalibration)
    self.space = space
    self.layers = layers
    self.criterion = criterion
    var hasher = ContentHasher()
    hasher.update("elsa calibrated weight bank 1")
    hasher.update(criterion.rawValue)
    for layer in layers { layer.update(&hasher) }
    self.contentHash = hasher.finalized()
  }

  /// Builds a bank of all layers, pruned by magnitude, one after the other.
  ///
  /// - Parameters:
  ///   - modelHash: The content hash of the checkpoint that the weights are from.
  ///   - weights: Gives the row-major outputs × inputs weights of a layer.
  /// - Throws: ``PruningError`` if a layer's weights do not fit it or are not finite.
  public init(
    space: SearchSpace, modelHash: ContentHash, weights: (PrunableLayer) -> [Float]
  ) throws(PruningError) {
    var layers: [BankedLayer] = []
    for layer in space.layers {
      layers.append(
        try BankedLayer(
          layer: layer, weights: weights(layer).span, patterns: space.patterns))
    }
    self.init(space: space, layers: layers, modelHash: modelHash)
  }

  /// Returns the weights of a layer at a level, or `nil` where the level is dense and the model's
  /// own weights serve.
  public func weights(layer: Int, level: Int) -> CompressedWeights? {
    precondition(layers.indices.contains(layer))
    precondition(space.patterns.indices.contains(level))
    return layers[layer].levels[level]
  }

  /// Returns the weights of each layer that a genome chooses, in network order; `nil` is dense.
  ///
  /// - Precondition: the search space contains `genome`.
  public func weights(of genome: Genome) -> [CompressedWeights?] {
    precondition(space.contains(genome))
    return genome.genes.enumerated().map { weights(layer: $0.offset, level: Int($0.element)) }
  }

  /// The bytes that the compressed weights of all layers and levels take.
  public var size: Int { layers.reduce(0) { $0 + $1.size } }

  /// Returns the content hash of any bank of a model pruned by magnitude, without building one.
  public static func contentHash(modelHash: ContentHash) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update("elsa weight bank 1")
    hasher.update(modelHash)
    hasher.update(PruningCriterion.magnitude.rawValue)
    return hasher.finalized()
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
