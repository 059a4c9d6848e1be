import ArgumentParser
import Evaluation
import Foundation
import ImageData
import Pruning
import SparsityCore

/// How weights are pruned, as commands are told it.
struct PruningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How weights are pruned; supernet is magnitude on a checkpoint trained as one.",
      valueName: "magnitude|wanda|sparsegpt|reconstruction|supernet"))
  var pruning = "magnitude"

  @Option(
    help: ArgumentHelp(
      "Images to calibrate with, for wanda, sparsegpt and reconstruction; no labels are used.",
      valueName: "images"))
  var calibration: String?

  func validate() throws {
    guard let criterion else {
      throw ValidationError(
        "--pruning is \"\(pruning)\"; write magnitude, wanda, sparsegpt, reconstruction or "
          + "supernet.")
    }
    if criterion.needsCalibration, calibration == nil {
      throw ValidationError("--pruning \(pruning) needs images: add --calibration.")
    }
    if !criterion.needsCalibration, calibration != nil {
      throw ValidationError("--pruning \(pruning) uses no images; leave --calibration out.")
    }
  }

  /// The criterion, or `nil` if the word is unknown.
  var criterion: PruningCriterion? {
    pruning == "supernet" ? .magnitude : PruningCriterion(rawValue: pruning)
  }

  /// Builds the bank of a search space, showing progress.
  ///
  /// - Parameter evaluated: Images that must not be among those of the calibration.
  func bank(
    of model: LoadedModel, space: SearchSpace, images: ImageOptions, evaluated: ImageSet?
  ) throws -> WeightBank {
    guard let criterion, criterion.needsCalibration, let calibration else {
      return try model.weightBank(space: space, threads: images.threadCount)
    }
    let (set, _) = try images.load(
      calibration, preprocessing: model.configuration.preprocessing)
    if let evaluated {
      try checkCalibration(
        set, sharesNoImageWith: evaluated, role: "evaluated", threads: images.threadCount)
    }
    return try buildBank(
      of: model, space: space, criterion: criterion, calibration: set, folder: nil,
      threads: images.threadCount)
  }
}

/// Throws if an image that calibrates is also one that accuracy is measured on.
func checkCalibration(
  _ calibration: ImageSet, sharesNoImageWith other: ImageSet, role: String, threads: Int
) throws {
  let shared = ImageSet.identicalImages(calibration, other, threads: threads)
  guard let first = shared.first else { return }
  throw CommandFailure(
    "\(shared.count) calibration images are also \(role) images (the first: calibration image "
      + "\(first.first), \(role) image \(first.second))",
    nextStep: "calibrate with other images, such as some of the training set")
}

/// Builds a calibrated bank, showing progress; ends when the user asks to stop.
func buildBank(
  of model: LoadedModel, space: SearchSpace, criterion: PruningCriterion, calibration: ImageSet,
  folder: String?, threads: Int
) throws -> WeightBank {
  let progress = SharedProgress()
  defer { progress.finish() }
  return try model.calibratedBank(
    space: space, criterion: criterion, images: calibration, folder: folder, threads: threads
  ) { (done: Int) throws(EvaluationError) in
    if StopFlag.isSet { throw .cancelled }
    progress.show(done: done, total: space.layers.count, unit: "layers pruned")
  }
}
