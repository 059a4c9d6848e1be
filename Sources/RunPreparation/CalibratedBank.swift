import Evaluation
import ImageData
import Pruning
import SparsityCore
import TextReports

/// Throws if an image that calibrates is also one that accuracy is measured on.
package func checkCalibration(
  _ calibration: ImageSet, sharesNoImageWith other: ImageSet, role: String, threads: Int
) throws(ExplainedError) {
  let shared = ImageSet.identicalImages(calibration, other, threads: threads)
  guard let first = shared.first else { return }
  throw ExplainedError(
    "\(counted(shared.count, "calibration image")) \(shared.count == 1 ? "is" : "are") also among "
      + "the \(role) images (the first: calibration image "
      + "\(first.first), \(role) image \(first.second))",
    nextStep: "calibrate with other images, such as some of the training set")
}

/// Builds a calibrated bank, telling an observer layer by layer.
///
/// - Parameter genome: The genome that the bank is for, if it is one alone.
package func buildBank(
  of model: LoadedModel, space: SearchSpace, criterion: PruningCriterion, calibration: ImageSet,
  for genome: Genome? = nil, folder: String?, cache: StatisticsCache?, threads: Int,
  observer: WorkObserver
) throws -> WeightBank {
  let count = model.weights.network.prunableLayers.count
  let work =
    "Pruning \(counted(count, "layer")) by \(criterion.rawValue), calibrated on "
    + "\(counted(calibration.count, "image"))."
  return try observer.observing(work, unit: "layers pruned") { progress in
    try model.calibratedBank(
      space: space, criterion: criterion, images: calibration, for: genome, folder: folder,
      cache: cache, threads: threads
    ) { (done: Int) throws(EvaluationError) in progress(done, count) }
  }
}
