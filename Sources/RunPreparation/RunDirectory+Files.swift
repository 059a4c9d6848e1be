import Evaluation
import Foundation
import RunFiles
import RunStorage

extension RunDirectory {
  /// The run file with every default written out.
  package var runFile: String { file("run.yaml") }
  /// The model's configuration, copied, so that the run can be read without the model.
  package var configuration: String { file("config.json") }
  /// The checkpoint as one file, if it is not one where it came from.
  package var model: String { file("model.safetensors") }
  /// Returns the profile of the accelerator at a place, if it is no built-in one, with its
  /// measurements.
  package func acceleratorProfile(_ place: Int) -> String {
    file(place == 0 ? "accelerator.yaml" : "accelerator\(place + 1).yaml")
  }
  /// The images that the search sees, if they were packed for this run.
  var searchSet: String { file("search.safetensors") }
  /// Returns where the images of a held-out set are, if they were packed for this run.
  func packed(_ set: HeldOutSet) -> String { file("\(set.rawValue).safetensors") }
  /// What earlier runs have found, if the run begins with that.
  package var warmStart: String { file("warm-start.json") }
  /// The weight bank, if it was built with calibration images.
  package var bank: String { file(BankFile.usualName) }
  /// How much each layer loses in each pattern.
  package var sensitivity: String { file("sensitivity.json") }
  /// How the coordinator was started last.
  package var startOptions: String { file("start.json") }
  /// How far a coordinator is that prepares the run; exists while it does.
  package var preparation: String { file("preparation.json") }
  /// The latest Pareto front.
  package var front: String { file("front.json") }
  /// What was measured of single changes of the dense model.
  package var singleChanges: String { file("single-changes.json") }

  /// Refers to a folder by a path that a user gave; it need not exist.
  package init(userPath: String) {
    self.init(path: absolutePath(userPath))
  }

  /// Whether the folder holds a run.
  package var holdsRun: Bool { FileManager.default.fileExists(atPath: runFile) }

  /// Returns a folder itself, or the nearest one above it that exists.
  package static func existingFolder(of path: String) -> String {
    var url = URL(filePath: path)
    while url.path != "/", !FileManager.default.fileExists(atPath: url.path) {
      url = url.deletingLastPathComponent()
    }
    return url.path
  }
}

/// Returns the absolute form of a path that a user gave.
package func absolutePath(_ path: String) -> String {
  let standard = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
  return standard.count > 1 && standard.hasSuffix("/") ? String(standard.dropLast()) : standard
}
