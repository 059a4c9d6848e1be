import ImageData
import Pruning
import SparseKernels
import SparsityCore
import VisionTransformers

/// Measures genomes on images: forward passes on several threads, the same bits for any number.
///
/// What is measured depends on the genome's weights, the images of the slice and the numerics. A
/// slice is cut into forward batches from its beginning, so that slices that begin at a multiple
/// of the forward batch give what a longer slice gives. Several slices may be measured at once,
/// each by its share of the threads; all of them use one model and one bank.
package final class Evaluator: Sendable {
  /// What genomes choose from.
  package let space: SearchSpace
  /// The arithmetic.
  package let numerics: InferenceNumerics
  /// The number of threads.
  package let threadCount: Int

  private let bank: PackedBank
  private let images: ImageSet
  private let slots: EvaluationSlots

  /// Checks that model, images and numerics fit together, applies the numerics to the process and
  /// starts the threads.
  ///
  /// - Parameters:
  ///   - threads: the number of threads, at least one for each slot.
  ///   - slots: the slices that may be measured at once; more callers take turns.
  /// - Throws: ``EvaluationError``.
  package init(
    model: LoadedModel, bank: WeightBank, images: ImageSet, numerics: InferenceNumerics,
    threads: Int,
    slots: Int = 1
  ) throws(EvaluationError) {
    precondition(slots > 0)
    precondition(threads >= slots)
    try numerics.apply()
    let network = model.weights.network
    do {
      try images.checkFits(network)
    } catch {
      throw .images(error)
    }
    precondition(bank.layers.map(\.layer) == network.prunableLayers)
    self.space = bank.space
    self.numerics = numerics
    self.threadCount = threads
    self.images = images
    let packed = try model.packed(
      precision: numerics.precision, variant: .best(within: numerics.instructionSet))
    self.bank = PackedBank(bank, for: packed, threads: threads)
    self.slots = EvaluationSlots(count: slots, threads: threads) {
      packed.makePass(
        normalization: model.normalization, batchMax: numerics.forwardBatch)
    }
  }

  /// Measures a genome on the images of a slice, in the order given.
  ///
  /// - Parameters:
  ///   - genome: One choice for each decision of ``space``.
  ///   - imageIndices: The images of the slice.
  ///   - isCancelled: Is asked before each forward batch, by any thread; `true` stops.
  /// - Throws: ``EvaluationError/cancelled`` if stopped, or an error that names what cannot be
  ///   measured.
  package func evaluate(
    genome: Genome, imageIndices: [Int],
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(EvaluationError) -> ImageMeasurements {
    try measure(
      genome: genome, imageIndices: imageIndices, keepsLogits: false, isCancelled: isCancelled
    ).measurements
  }

  /// Measures a genome and returns the logits beside: (images × classes).
  ///
  /// - Throws: As ``evaluate(genome:imageIndices:isCancelled:)``.
  package func evaluateWithLogits(
    genome: Genome, imageIndices: [Int]
  ) throws(EvaluationError) -> (measurements: ImageMeasurements, logits: [Float]) {
    try measure(
      genome: genome, imageIndices: imageIndices, keepsLogits: true, isCancelled: { false })
  }

  private func measure(
    genome: Genome, imageIndices: [Int], keepsLogits: Bool,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(EvaluationError) -> (measurements: ImageMeasurements, logits: [Float]) {
    guard space.contains(genome) else { throw .genomeNotInSpace(genes: genome.genes) }
    for image in imageIndices where !(0..<images.count).contains(image) {
      throw .imageOutOfRange(image: image, count: images.count)
    }
    let job = EvaluationJob(
      layers: bank.weights(of: genome), images: images, imageIndices: imageIndices,
      batchSize: numerics.forwardBatch, keepsLogits: keepsLogits, isCancelled: isCancelled)
    slots.run(job)
    return (try job.measurements(), job.logits())
  }
}
