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
/// images goes through twice: dense, and behind layers pruned to patterns drawn for that batch.
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

  private let model: PackedVisionTransformer
  private let normalization: PixelNormalization
  private let images: ImageSet
  private let threads: Int
  private let isSequential: Bool
  private let levelCount: Int
  private let lanes: [Lane]

  /// The lanes; no more threads than these compute at once.
  private static let laneCountMax = 16
  /// The images of a forward pass; another number gives other bits.
  private static let batchSize = 2
  /// How far a row's target leans from what it is to what it would be behind dense layers.
  ///
  /// At zero errors of earlier layers are never made up for, at one they are overfitted.
  private static let targetLean = 0.3

  /// Embeds all images.
  init(
    model: PackedVisionTransformer, normalization: PixelNormalization, images: ImageSet,
    levelCount: Int, isSequential: Bool, threads: Int
  ) {
    precondition(model.precision == .f32)
    precondition(images.count > 0 && threads > 0 && levelCount > 0)
    let laneCount = min(Self.laneCountMax, images.count)
    self.model = model
    self.normalization = normalization
    self.images = images
    self.threads = threads
    self.isSequential = isSequential
    self.levelCount = levelCount
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
        let first = batch.lowerBound - lane.images.lowerBound
        var all = tokens.dense.mutableSpan
        var own = all._mutatingExtracting(first * width..<(first + batch.count) * width)
        pass.embed(pixels: copied, count: batch.count, into: &own)
      }
      if isSequential { tokens.pruned = tokens.dense }
    }
  }

  /// Measures the inputs of some layers of a block; the tokens stay in front of it.
  ///
  /// - Complexity: O(images · (a block's products + tokens · inputs²)).
  func statistics(ofStages stages: [Int], block: Int, prefix: Prefix) -> [InputStatistics] {
    let layers = model.weights.shape.prunableLayers
    let sums = Mutex([[InputStatistics]](repeating: [], count: lanes.count))
    forEachLane { lane, pass, tokens in
      var own = stages.map { stage in
        InputStatistics(
          inputs: layers[4 * block + stage].inputs, hasTargets: self.isSequential)
      }
      let recorder = InputRecorder()
      pass.observeInput = { layer, inputs in
        guard let place = stages.firstIndex(of: layer - 4 * block) else { return }
        recorder.rows[place] = (0..<inputs.count).map { Double(inputs[$0]) }
      }
      for batch in Self.batches(of: lane.images) {
        let dense = self.inputs(
          of: block, batch, lane, tokens.dense, nil, recorder, stages.count, &pass)
        guard self.isSequential else {
          for place in stages.indices {
            let rows = dense[place]
            own[place].add(rows: rows.span)
          }
          continue
        }
        let pruned = self.inputs(
          of: block, batch, lane, tokens.pruned, prefix, recorder, stages.count, &pass)
        for place in stages.indices {
          let rows = pruned[place]
          let targets = zip(dense[place], rows).map { $1 + Self.targetLean * ($0 - $1) }
          own[place].add(rows: rows.span, targets: targets.span)
        }
      }
      pass.observeInput = nil
      let measured = own
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
        guard self.isSequential else { continue }
        self.apply(block, to: &tokens.pruned, batch, lane, prefix, &pass)
      }
    }
  }

  /// Returns what the recorder is shown while a copy of a batch's tokens goes through a block.
  private func inputs(
    of block: Int, _ batch: Range<Int>, _ lane: Lane, _ tokens: [Float], _ prefix: Prefix?,
    _ recorder: InputRecorder, _ count: Int, _ pass: inout ForwardPass
  ) -> [[Double]] {
    recorder.rows = Array(repeating: [], count: count)
    var copy = tokens
    apply(block, to: &copy, batch, lane, prefix, &pass)
    return recorder.rows
  }

  /// Replaces a batch's tokens by those behind a block: dense, or with the levels that are drawn
  /// for the batch.
  private func apply(
    _ block: Int, to tokens: inout [Float], _ batch: Range<Int>, _ lane: Lane,
    _ prefix: Prefix?, _ pass: inout ForwardPass
  ) {
    let layerCount = 4 * model.weights.shape.depth
    var layers = [LayerWeights](repeating: .dense, count: layerCount)
    if let prefix {
      var generator = SeededGenerator(seed: 0x5eed, stream: UInt64(batch.lowerBound))
      let levels = (0..<layerCount).map { _ in generator.index(below: levelCount) }
      layers = zip(prefix, levels).map { $0[$1] }
    }
    let width = model.weights.shape.tokens * model.weights.shape.width
    let first = batch.lowerBound - lane.images.lowerBound
    var all = tokens.mutableSpan
    var own = all._mutatingExtracting(first * width..<(first + batch.count) * width)
    pass.apply(block: block, layers: layers, count: batch.count, to: &own)
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

/// Keeps the inputs that a forward pass shows.
private final class InputRecorder {
  /// The rows of each layer that is asked for.
  var rows: [[Double]] = []
}
