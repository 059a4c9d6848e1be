import Dispatch
import ImageData
import LinearAlgebra
import Pruning
import SparsityCore
import Synchronization
import VisionTransformers

/// The tokens of all calibration images on their way through a network, block by block.
///
/// Images are cut into lanes, the same for any number of threads, and their sums are added in their
/// order, so that statistics have the same bits however many threads compute them. Each batch of
/// images goes through twice: dense, and behind layers pruned to patterns drawn for that batch or
/// chosen for all.
final class CalibrationStream: Sendable {
  /// The tokens of one lane.
  private struct Tokens {
    /// Behind dense layers.
    var dense: [Float] = []
    /// Behind pruned layers; empty if no layer is pruned.
    var pruned: [Float] = []
  }

  /// One lane: some images and their tokens.
  private final class Lane: Sendable {
    let index: Int
    let images: Range<Int>
    let tokens = Mutex(Tokens())

    init(index: Int, images: Range<Int>) {
      self.index = index
      self.images = images
    }
  }

  /// What each layer runs with at each level; dense where nothing is built yet.
  typealias Prefix = [[LayerWeights]]

  /// What images go through.
  enum Levels: Sendable {
    /// Dense layers alone; prefixes are not looked at.
    case dense
    /// Dense layers, and layers pruned to one of their levels, drawn for each batch of images.
    case drawn
    /// Dense layers, and layers pruned to these levels.
    case chosen([Int])
  }

  private let model: any PackedNetwork
  private let normalization: PixelNormalization
  private let images: ImageSet
  private let threads: Int
  private let levels: Levels
  private let lanes: [Lane]

  /// The lanes; no more threads than these compute at once.
  private static let laneCountMax = 16
  /// The images of a forward pass; another number gives other bits.
  private static let batchSize = 2
  /// The rows of inputs that are gathered before their products are summed.
  private static let rowsPerSum = 1_024
  /// Whether images go through pruned layers, too.
  private var hasPruned: Bool {
    if case .dense = levels { false } else { true }
  }

  /// Embeds all images.
  init(
    model: any PackedNetwork, normalization: PixelNormalization, images: ImageSet,
    levels: Levels, threads: Int
  ) {
    precondition(model.precision == .f32)
    precondition(images.count > 0 && threads > 0)
    let laneCount = min(Self.laneCountMax, images.count)
    self.model = model
    self.normalization = normalization
    self.images = images
    self.threads = threads
    self.levels = levels
    self.lanes = (0..<laneCount).map { lane in
      Lane(
        index: lane,
        images: lane * images.count / laneCount..<(lane + 1) * images.count / laneCount)
    }
    forEachLane { lane, pass, tokens in
      let size = images.imageSize.pixelCount
      var pixels = [UInt8](repeating: 0, count: Self.batchSize * size)
      let width = self.width(ofBlock: 0)
      tokens.dense = Array(repeating: 0, count: lane.images.count * width)
      for batch in Self.batches(of: lane.images) {
        var target = pixels.mutableSpan
        images.copyPixels(of: batch, into: &target)
        let copied = pixels.span.extracting(0..<batch.count * size)
        var all = tokens.dense.mutableSpan
        var own = all._mutatingExtracting(self.place(of: batch, in: lane, width))
        pass.embed(pixels: copied, count: batch.count, into: &own)
      }
      if hasPruned { tokens.pruned = tokens.dense }
    }
  }

  /// Measures the inputs of some layers of a block; the tokens stay in front of it.
  ///
  /// - Precondition: `places` are those of layers of the block in network order, ascending.
  /// - Complexity: O(images · (a block's products + tokens · inputs²)).
  func statistics(ofLayers places: [Int], block: Int, prefix: Prefix) -> [InputStatistics] {
    guard let last = places.last else { return [] }
    let layers = model.network.prunableLayers
    let width = width(ofBlock: block)
    let sums = Mutex([[InputStatistics]](repeating: [], count: lanes.count))
    forEachLane { lane, pass, tokens in
      let recorder = InputRecorder(
        inputs: places.map { layers[$0].inputs }, hasTargets: self.hasPruned)
      pass.observeInput = { layer, inputs in
        guard let index = places.firstIndex(of: layer) else { return }
        recorder.record(inputs, at: index)
      }
      for batch in Self.batches(of: lane.images) {
        let own = self.place(of: batch, in: lane, width)
        recorder.isRecordingTargets = self.hasPruned
        pass.showInputs(
          block: block, through: last, layers: self.layers(for: nil, batch), count: batch.count,
          of: tokens.dense.span.extracting(own))
        recorder.isRecordingTargets = false
        if self.hasPruned {
          pass.showInputs(
            block: block, through: last, layers: self.layers(for: prefix, batch),
            count: batch.count, of: tokens.pruned.span.extracting(own))
        }
        recorder.add(ifAtLeast: Self.rowsPerSum)
      }
      pass.observeInput = nil
      recorder.add(ifAtLeast: 1)
      let measured = recorder.statistics
      sums.withLock { $0[lane.index] = measured }
    }
    let all = sums.withLock { $0 }
    return places.indices.map { index in
      var total = all[0][index]
      for lane in all.dropFirst() { total.add(lane[index]) }
      return total
    }
  }

  /// Moves the tokens in front of the block after a block.
  func advance(block: Int, prefix: Prefix) {
    forEachLane { lane, pass, tokens in
      tokens.dense = self.advanced(tokens.dense, block, lane, nil, &pass)
      guard self.hasPruned else { return }
      tokens.pruned = self.advanced(tokens.pruned, block, lane, prefix, &pass)
    }
  }

  /// Returns a lane's tokens behind a block: dense, or with the levels that are drawn for each
  /// batch.
  private func advanced(
    _ tokens: [Float], _ block: Int, _ lane: Lane, _ prefix: Prefix?,
    _ pass: inout any ForwardPass & ~Copyable
  ) -> [Float] {
    let (before, after) = (width(ofBlock: block), width(ofBlock: block + 1))
    var result = [Float](repeating: 0, count: lane.images.count * after)
    for batch in Self.batches(of: lane.images) {
      var all = result.mutableSpan
      var own = all._mutatingExtracting(place(of: batch, in: lane, after))
      pass.advance(
        block: block, layers: layers(for: prefix, batch), count: batch.count,
        of: tokens.span.extracting(place(of: batch, in: lane, before)), into: &own)
    }
    return result
  }

  /// Returns the numbers of one image that enter a block.
  private func width(ofBlock block: Int) -> Int {
    let block = model.network.blocks[block]
    return block.tokens * block.width
  }

  /// Returns where a batch's tokens are among those of its lane, `width` numbers an image.
  private func place(of batch: Range<Int>, in lane: Lane, _ width: Int) -> Range<Int> {
    let first = batch.lowerBound - lane.images.lowerBound
    return first * width..<(first + batch.count) * width
  }

  /// Returns what each layer runs with: its own weights, or the levels that are meant for a batch.
  private func layers(for prefix: Prefix?, _ batch: Range<Int>) -> [LayerWeights] {
    let layerCount = model.network.prunableLayers.count
    guard let prefix else { return Array(repeating: .dense, count: layerCount) }
    switch levels {
    case .dense: preconditionFailure("a dense stream goes through no pruned layer")
    case .drawn:
      var generator = SeededGenerator(seed: 0x5eed, stream: UInt64(batch.lowerBound))
      return prefix.map { $0[generator.index(below: $0.count)] }
    case .chosen(let levels):
      return zip(prefix, levels).map { $0[$1] }
    }
  }

  /// Calls `body` for each lane, on several threads, each with a forward pass of its own.
  private func forEachLane(
    _ body: @Sendable (Lane, inout any ForwardPass & ~Copyable, inout Tokens) -> Void
  ) {
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, lanes.count)) { _ in
      limitThreadsToCaller()
      var pass = model.makePass(normalization: normalization, batchMax: Self.batchSize)
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < lanes.count else { return }
        let lane = lanes[index]
        var tokens = lane.tokens.withLock { tokens in
          defer { tokens = Tokens() }
          return tokens
        }
        body(lane, &pass, &tokens)
        let changed = tokens
        lane.tokens.withLock { $0 = changed }
      }
    }
  }

  /// Cuts a lane's images into batches, from its beginning.
  private static func batches(of images: Range<Int>) -> [Range<Int>] {
    stride(from: images.lowerBound, to: images.upperBound, by: batchSize).map {
      $0..<min($0 + batchSize, images.upperBound)
    }
  }
}
