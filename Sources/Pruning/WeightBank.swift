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
  /// It covers the model's weights and the criterion, not the patterns nor their order: two banks
  /// of equal hash hold equal weights wherever both hold some.
  public let contentHash: ContentHash
  private let layers: [BankedLayer]

  /// Gathers layers that were built one by one.
  ///
  /// - Precondition: `layers` are those of `space`, in its order and with its patterns.
  public init(
    space: SearchSpace, layers: [BankedLayer], modelHash: ContentHash,
    criterion: PruningCriterion
  ) {
    precondition(layers.map(\.layer) == space.layers)
    precondition(layers.allSatisfy { $0.patterns == space.patterns })
    self.space = space
    self.layers = layers
    self.criterion = criterion
    self.contentHash = Self.contentHash(modelHash: modelHash, criterion: criterion)
  }

  /// Builds a bank of all layers, one after the other.
  ///
  /// - Parameters:
  ///   - modelHash: The content hash of the checkpoint that the weights are from.
  ///   - weights: Gives the row-major outputs × inputs weights of a layer.
  /// - Throws: ``PruningError`` if a layer's weights do not fit it or are not finite.
  public init(
    space: SearchSpace, modelHash: ContentHash, criterion: PruningCriterion,
    weights: (PrunableLayer) -> [Float]
  ) throws(PruningError) {
    var layers: [BankedLayer] = []
    for layer in space.layers {
      layers.append(
        try BankedLayer(
          layer: layer, weights: weights(layer).span, patterns: space.patterns,
          criterion: criterion))
    }
    self.init(space: space, layers: layers, modelHash: modelHash, criterion: criterion)
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

  /// Returns the content hash of any bank of a model and a criterion, without building one.
  public static func contentHash(
    modelHash: ContentHash, criterion: PruningCriterion
  ) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update("elsa weight bank 1")
    hasher.update(modelHash)
    hasher.update(criterion.rawValue)
    return hasher.finalized()
  }
}
