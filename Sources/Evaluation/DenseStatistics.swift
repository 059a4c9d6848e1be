import ContentHashing
import ImageData
import Pruning
import SparsityCore
import VisionTransformers

/// What calibration images tell about the inputs of a dense model's layers, block after block:
/// taken from a cache where it holds them, else measured.
struct DenseStatistics {
  private let model: LoadedModel
  private let images: ImageSet
  private let threads: Int
  private let packed: any PackedNetwork
  private var cache: StatisticsCache?
  private let imagesHash: ContentHash?
  private var stream: CalibrationStream?
  /// The block that the stream's tokens stand in front of.
  private var position = 0

  /// Measures nothing yet.
  ///
  /// - Precondition: the images fit the model, and there are some.
  init(
    model: LoadedModel, packed: any PackedNetwork, images: ImageSet, cache: StatisticsCache?,
    threads: Int
  ) {
    self.model = model
    self.packed = packed
    self.images = images
    self.threads = threads
    self.cache = cache
    self.imagesHash = cache.map { _ in images.contentHash(threads: threads) }
  }

  /// Returns the statistics of a block's prunable layers.
  ///
  /// - Precondition: blocks are asked for in ascending order.
  mutating func statistics(ofBlock block: Int) -> [InputStatistics] {
    let network = model.weights.network
    let layers = Array(network.prunableLayers[network.blocks[block].layers])
    let key = key(of: block)
    if let cache, let key, let known = cache.statistics(of: layers, key: key) { return known }
    let measured = measure(block)
    // A cache that cannot be written once is left alone.
    if let key, cache?.keep(measured, of: layers, key: key) == false { cache = nil }
    return measured
  }

  private mutating func measure(_ block: Int) -> [InputStatistics] {
    let stream =
      self.stream
      ?? CalibrationStream(
        model: packed, normalization: model.normalization, images: images, levels: .dense,
        threads: threads)
    self.stream = stream
    precondition(position <= block)
    while position < block {
      stream.advance(block: position, prefix: [])
      position += 1
    }
    return stream.statistics(
      ofLayers: Array(model.weights.network.blocks[block].layers), block: block, prefix: [])
  }

  /// Returns the hash of all that a block's statistics depend on.
  private func key(of block: Int) -> ContentHash? {
    guard let imagesHash else { return nil }
    var hasher = ContentHasher()
    hasher.update("elsa input statistics 1")
    hasher.update(model.contentHash)
    hasher.update("\(model.weights.architecture)")
    hasher.update("\(model.configuration.mean) \(model.configuration.standardDeviation)")
    hasher.update(imagesHash)
    hasher.update(packed.variant.rawValue)
    hasher.update(UInt64(block))
    return hasher.finalized()
  }
}
