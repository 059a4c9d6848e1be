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
    /// Dense layers, and layers pruned to one of so many levels, drawn for each batch of images.
    case drawn(count: Int)
    /// Dense layers, and layers pruned as a genome says.
    case chosen(Genome)
  }

  private let model: PackedVisionTransformer
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
    model: PackedVisionTransformer, normalization: PixelNormalization, images: ImageSet,
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
      let width = model.weights.shape.tokens * model.weights.shape.width
      tokens.dense = Array(repeating: 0, count: lane.images.count * width)
      for batch in Self.batches(of: lane.images) {
        var target = pixels.mutableSpan
        images.copyPixels(of: batch, into: &target)
        let copied = pixels.span.extracting(0..<batch.count * size)
        var all = tokens.dense.mutableSpan
        var own = all._mutatingExtracting(self.place(of: batch, in: lane))
        pass.embed(pixels: copied, count: batch.count, into: &own)
      }
      if hasPruned { tokens.pruned = tokens.dense }
    }
  }

  /// Measures the inputs of some layers of a block; the tokens stay in front of it.
  ///
  /// - Precondition: `stages` are places within the block, ascending, at least one.
  /// - Complexity: O(images · (a block's products + tokens · inputs²)).
  func statistics(ofStages stages: [Int], block: Int, prefix: Prefix) -> [InputStatistics] {
    guard let last = stages.last else { return [] }
    let layers = model.weights.shape.prunableLayers
    let sums = Mutex([[InputStatistics]](repeating: [], count: lanes.count))
    forEachLane { lane, pass, tokens in
      let recorder = InputRecorder(
        inputs: stages.map { layers[4 * block + $0].inputs }, hasTargets: self.hasPruned)
      pass.observeInput = { layer, inputs in
        guard let place = stages.firstIndex(of: layer - 4 * block) else { return }
        recorder.record(inputs, at: place)
      }
      for batch in Self.batches(of: lane.images) {
        let own = self.place(of: batch, in: lane)
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
    return stages.indices.map { place in
      var total = all[0][place]
      for lane in all.dropFirst() { total.add(lane[place]) }
      return total
    }
  }

  /// Moves the tokens behind a block.
  func advance(block: Int, prefix: Prefix) {
    forEachLane { lane, pass, tokens in
      for batch in Self.batches(of: lane.images) {
        self.apply(block, to: &tokens.dense, batch, lane, nil, &pass)
        guard self.hasPruned else { continue }
        self.apply(block, to: &tokens.pruned, batch, lane, prefix, &pass)
      }
    }
  }

  /// Replaces a batch's tokens by those behind a block: dense, or with the levels that are drawn
  /// for the batch.
  private func apply(
    _ block: Int, to tokens: inout [Float], _ batch: Range<Int>, _ lane: Lane,
    _ prefix: Prefix?, _ pass: inout ForwardPass
  ) {
    var all = tokens.mutableSpan
    var own = all._mutatingExtracting(place(of: batch, in: lane))
    pass.apply(block: block, layers: layers(for: prefix, batch), count: batch.count, to: &own)
  }

  /// Returns where a batch's tokens are among those of its lane.
  private func place(of batch: Range<Int>, in lane: Lane) -> Range<Int> {
    let width = model.weights.shape.tokens * model.weights.shape.width
    let first = batch.lowerBound - lane.images.lowerBound
    return first * width..<(first + batch.count) * width
  }

  /// Returns what each layer runs with: its own weights, or the levels that are meant for a batch.
  private func layers(for prefix: Prefix?, _ batch: Range<Int>) -> [LayerWeights] {
    let layerCount = 4 * model.weights.shape.depth
    guard let prefix else { return Array(repeating: .dense, count: layerCount) }
    switch levels {
    case .dense: preconditionFailure("a dense stream goes through no pruned layer")
    case .drawn(let count):
      var generator = SeededGenerator(seed: 0x5eed, stream: UInt64(batch.lowerBound))
      return prefix.map { $0[generator.index(below: count)] }
    case .chosen(let genome):
      return zip(prefix, genome.genes).map { $0[Int($1)] }
    }
  }

  /// Calls `body` for each lane, on several threads, each with a forward pass of its own.
  private func forEachLane(
    _ body: @Sendable (Lane, inout ForwardPass, inout Tokens) -> Void
  ) {
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, lanes.count)) { _ in
      limitThreadsToCaller()
      var pass = ForwardPass(
        model: model, normalization: normalization, batchMax: Self.batchSize)
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
