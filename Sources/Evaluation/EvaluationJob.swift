import ImageData
import Synchronization
import VisionTransformers

/// One genome on one slice of images, cut into forward batches that threads take one by one.
///
/// Batches are cut from the beginning of the slice, and each has its own place in the results:
/// what a batch computes does not depend on the thread that takes it.
final class EvaluationJob: Sendable {
  /// What the threads change.
  private struct Progress {
    var nextBatch = 0
    var batches: [[ImageMeasurement]]
    /// The logits of each batch, if they are kept.
    var logits: [[Float]]
    var failure: EvaluationError?
  }

  private let layers: [LayerWeights]
  private let images: ImageSet
  private let imageIndices: [Int]
  private let batchSize: Int
  private let keepsLogits: Bool
  private let isCancelled: @Sendable () -> Bool
  private let progress: Mutex<Progress>

  /// Creates a job over images of a set, in batches of `batchSize`.
  ///
  /// - Parameter keepsLogits: Whether ``logits()`` has something to return.
  init(
    layers: [LayerWeights], images: ImageSet, imageIndices: [Int], batchSize: Int,
    keepsLogits: Bool = false, isCancelled: @escaping @Sendable () -> Bool
  ) {
    precondition(batchSize > 0)
    self.layers = layers
    self.images = images
    self.imageIndices = imageIndices
    self.batchSize = batchSize
    self.keepsLogits = keepsLogits
    self.isCancelled = isCancelled
    let count = (imageIndices.count + batchSize - 1) / batchSize
    self.progress = Mutex(
      Progress(
        batches: Array(repeating: [], count: count), logits: Array(repeating: [], count: count)))
  }

  /// Takes batches and measures them until none is left or one has failed.
  func runBatches(with pass: inout any ForwardPass & ~Copyable) {
    var pixels = [UInt8](repeating: 0, count: batchSize * images.imageSize.pixelCount)
    var logits = [Float](repeating: 0, count: batchSize * pass.network.classes)
    while let batch = takeBatch() {
      do {
        let measurements = try measure(batch, with: &pass, pixels: &pixels, logits: &logits)
        progress.withLock { $0.batches[batch] = measurements }
      } catch {
        progress.withLock { $0.failure = $0.failure ?? error }
      }
    }
  }

  /// Returns what was measured once all threads are done.
  func measurements() throws(EvaluationError) -> ImageMeasurements {
    let (batches, failure) = progress.withLock { ($0.batches, $0.failure) }
    if let failure { throw failure }
    let all = Array(batches.joined())
    precondition(all.count == imageIndices.count)
    return ImageMeasurements(all)
  }

  /// Returns the logits of all images, (images × classes), once all threads are done.
  func logits() -> [Float] { progress.withLock { Array($0.logits.joined()) } }

  /// Returns the number of a batch that nobody has taken, or `nil` if there is nothing to do.
  private func takeBatch() -> Int? {
    let isCancelled = isCancelled()
    return progress.withLock { progress in
      guard progress.failure == nil, progress.nextBatch < progress.batches.count else {
        return nil
      }
      guard !isCancelled else {
        progress.failure = .cancelled
        return nil
      }
      defer { progress.nextBatch += 1 }
      return progress.nextBatch
    }
  }

  /// Measures the images of one batch.
  private func measure(
    _ batch: Int, with pass: inout any ForwardPass & ~Copyable, pixels: inout [UInt8],
    logits: inout [Float]
  ) throws(EvaluationError) -> [ImageMeasurement] {
    let start = batch * batchSize
    let slice = imageIndices[start..<min(start + batchSize, imageIndices.count)]
    let classes = pass.network.classes
    var target = pixels.mutableSpan
    images.copyPixels(of: slice, into: &target)
    let copied = pixels.span.extracting(0..<slice.count * images.imageSize.pixelCount)
    var all = logits.mutableSpan
    var used = all._mutatingExtracting(0..<slice.count * classes)
    pass.logits(pixels: copied, count: slice.count, layers: layers, into: &used)
    if keepsLogits {
      let kept = Array(logits[0..<slice.count * classes])
      progress.withLock { $0.logits[batch] = kept }
    }
    var measurements: [ImageMeasurement] = []
    for (place, index) in slice.enumerated() {
      let own = logits.span.extracting(place * classes..<(place + 1) * classes)
      guard let measurement = ImageMeasurement(logits: own, label: images.labels[index]) else {
        throw .logitsNotFinite(image: index)
      }
      measurements.append(measurement)
    }
    return measurements
  }
}
