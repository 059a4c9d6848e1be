import Evaluation
import Foundation
import RunStorage

extension RunDirectory {
  /// The run file with every default written out.
  var runFile: String { file("run.yaml") }
  /// The model's configuration, copied, so that the run can be read without the model.
  var configuration: String { file("config.json") }
  /// The accelerator's profile, if it is no built-in one, with its measurements.
  var acceleratorProfile: String { file("accelerator.yaml") }
  /// The images that the search sees, if they were packed for this run.
  var searchSet: String { file("search.safetensors") }
  /// The images of the final report, if they were packed for this run.
  var testSet: String { file("test.safetensors") }
  /// The weight bank, if it was built with calibration images.
  var bank: String { file(BankFile.usualName) }
  /// How much each layer loses in each pattern.
  var sensitivity: String { file("sensitivity.json") }
  /// How far a coordinator is that prepares the run; exists while it does.
  var preparation: String { file("preparation.json") }
  /// The latest Pareto front.
  var front: String { file("front.json") }

  /// Refers to a folder by a path that a user gave; it need not exist.
  init(userPath: String) {
    self.init(path: absolutePath(userPath))
  }

  /// Whether the folder holds a run.
  var holdsRun: Bool { FileManager.default.fileExists(atPath: runFile) }

  /// Creates the folder for a new run, or finds the run that is to go on.
  ///
  /// - Throws: ``CommandFailure`` if a run is there that should not be, or the other way round.
  func prepare(resuming: Bool) throws {
    if resuming {
      guard holdsRun else {
        throw CommandFailure(
          "no run to resume in \(path)", nextStep: "give a run file to start a new run there")
      }
      return
    }
    guard !holdsRun else {
      throw CommandFailure(
        "\(path) already holds a run",
        nextStep: "add --resume to go on with it, or name another folder")
    }
    try create()
  }

  /// Writes a file of the run in one step: readers see the old content or the new one.
  func write(_ content: Data, to path: String) throws {
    do {
      try content.write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandFailure(
        "cannot write \(path): \(error.localizedDescription)",
        nextStep: "check that the disk has room and the folder is writable")
    }
  }
}

/// Returns the absolute form of a path that a user gave.
func absolutePath(_ path: String) -> String {
  let standard = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
  return standard.count > 1 && standard.hasSuffix("/") ? String(standard.dropLast()) : standard
}
