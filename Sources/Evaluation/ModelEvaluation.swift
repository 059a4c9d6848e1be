import ImageData
import Pruning
import SparsityCore

/// A model, its weight bank and images, ready to measure genomes.
package struct ModelEvaluation {
  private let evaluator: Evaluator
  private let imageCount: Int

  /// Starts the evaluation threads for the genomes of a bank.
  package init(
    model: LoadedModel, bank: WeightBank, images: ImageSet, numerics: InferenceNumerics,
    threads: Int
  ) throws {
    try images.checkFits(model.weights.network)
    evaluator = try Evaluator(
      model: model, bank: bank, images: images, numerics: numerics, threads: threads)
    imageCount = images.count
  }

  /// Measures a genome on all images, showing progress in steps of `stepSize` images.
  ///
  /// - Parameter showLogits: Is given the logits of the images of each step, (images × classes), in
  ///   the order of the set; `nil` if nobody looks at them.
  package func measure(
    _ genome: Genome, stepSize: Int = 64, progress: (Int) -> Void = { _ in },
    showLogits: (([Float]) -> Void)? = nil
  ) throws -> Totals {
    var totals = Totals()
    let step = max(1, stepSize / evaluator.numerics.forwardBatch) * evaluator.numerics.forwardBatch
    for start in stride(from: 0, to: imageCount, by: step) {
      let slice = Array(start..<min(start + step, imageCount))
      if let showLogits {
        let (measurements, logits) = try evaluator.evaluateWithLogits(
          genome: genome, imageIndices: slice)
        totals.add(measurements)
        showLogits(logits)
      } else {
        totals.add(try evaluator.evaluate(genome: genome, imageIndices: slice))
      }
      progress(totals.images)
    }
    return totals
  }

  /// The sums over the images measured so far.
  package struct Totals {
    package private(set) var images = 0
    package private(set) var correct = 0
    private(set) var top5Correct = 0
    package private(set) var summedLoss = 0.0

    /// Adds the measurements of a slice, loss by loss, so that steps do not change the sum.
    package mutating func add(_ measurements: ImageMeasurements) {
      images += measurements.count
      correct += measurements.correct.populationCount
      top5Correct += measurements.top5Correct.populationCount
      for loss in measurements.losses { summedLoss += loss }
    }

    /// The fraction classified correctly.
    package var top1: Double { Double(correct) / Double(images) }
    /// The fraction whose class is among the five likeliest.
    package var top5: Double { Double(top5Correct) / Double(images) }
    /// The mean cross-entropy.
    package var meanLoss: Double { summedLoss / Double(images) }
  }
}
