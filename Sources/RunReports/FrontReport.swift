import Foundation
import RunPreparation
import RunStorage
import SparsityCore
import TextReports

/// The Pareto front of a run as it is reported; its names are the fields of the JSON.
package struct FrontReport: Codable {
  /// A genome in the form of a genome file.
  package struct GenomeEntry: Codable {
    package var model: String
    package var decisions: [String: String]
  }

  /// One member of the front.
  package struct Point: Codable {
    /// The number.
    package var candidate: Int
    package var genome: GenomeEntry
    /// The kept fraction of the prunable weights; absent where decisions are listed.
    package var density: Double?
    /// The fraction of the search set classified correctly.
    package var accuracy: Double
    package var correct: Int
    package var images: Int
    /// Where the accuracy on other images like these lies, in 95 of 100 cases.
    package var accuracyInterval: ConfidenceInterval?
    /// The accuracy of the dense model less this one, both on the search set; absent, as its
    /// interval, unless the run has evaluated the dense model.
    package var accuracyLoss: Double?
    /// Where the loss of accuracy on other images lies, told from the images one by one.
    package var accuracyLossInterval: ConfidenceInterval?
    /// The mean loss of an image; absent where an older program has journaled what is none.
    package var meanLoss: Double?
    /// Images a second on the accelerator; absent, as what follows, where it is not known.
    package var throughput: Double?
    package var latencyCycles: Int64?
    package var latencySeconds: Double?
    package var macs: Int64?
    /// The joules of one image, if the accelerator's profile models energy.
    package var energyJoulesPerImage: Double?
    /// The bytes of all parameters and of the places of kept weights.
    package var weightBytes: Int64?
    /// The costs on each accelerator, by its name, in a run with several.
    package var accelerators: [String: Costs]?
    /// The costs that were measured, by quantity, in seconds a batch and joules an image.
    package var measured: [String: Spread]?
    /// The names of the keys that have measured it; absent without encryption.
    package var keys: [String]?
    /// The fraction of the test set classified correctly, once it was measured.
    package var testAccuracy: Double?
    /// The fraction of the confirm set classified correctly, once it was measured, with its 95 %
    /// interval.
    package var confirmAccuracy: Double?
    package var confirmAccuracyInterval: ConfidenceInterval?
    /// The member that costs no more and has more of the confirm set right; absent if none has.
    package var beatenBy: Int?
  }

  /// What a candidate costs on one accelerator.
  package struct Costs: Codable {
    /// Images a second.
    package var throughput: Double?
    package var latencyCycles: Int64?
    package var latencySeconds: Double?
    package var energyJoulesPerImage: Double?
    package var weightBytes: Int64?
  }

  /// One of several accelerators of a run.
  package struct Accelerator: Codable {
    /// What objectives call it.
    package var name: String
    package var profile: String
    /// The hash of all in its profile that costs depend on.
    package var hash: String?
    package var batch: Int
    /// What the dense model costs on it.
    package var dense: Costs
  }

  /// What the run has found about the dense model.
  package struct Dense: Codable {
    /// The fraction of the search set classified correctly.
    package var accuracy: Double
    package var correct: Int
    package var images: Int
    /// Where the accuracy on other images lies.
    package var accuracyInterval: ConfidenceInterval

    /// Says that of `images` so many were classified correctly.
    package init(correct: Int, of images: Int) {
      accuracy = Double(correct) / Double(images)
      self.correct = correct
      self.images = images
      accuracyInterval = ConfidenceInterval(ofProportion: correct, of: images)
    }
  }

  /// What repeated measurements gave.
  package struct Spread: Codable {
    /// The value that counts.
    package var median: Double
    package var least: Double
    package var greatest: Double
  }

  /// A candidate that could not be evaluated.
  package struct Quarantined: Codable {
    package var candidate: Int
    package var genome: GenomeEntry
    /// Why it was set aside.
    package var reason: String
  }

  /// A key whose results count no more.
  package struct DiscardedKey: Codable {
    package var key: String
    /// Why.
    package var reason: String
  }

  package var model: String
  package var accelerator: String
  /// The hash of all in the accelerator's profile that costs depend on.
  package var acceleratorHash: String?
  package var batch: Int
  /// All accelerators of a run with several; what is said without one is about the first.
  package var accelerators: [Accelerator]?
  /// The options of what has computed the results, such as `precision`.
  package var options: [String: String]
  /// All that fixes the bits of the results: the backend, its version and its options.
  package var numerics: String
  /// The arithmetic that the weights were calibrated in, if they were.
  package var bankArithmetic: String?
  package var pruning: String
  package var decisions: [String: [String]]
  package var objectives: [String]
  package var evaluations: Int
  /// The full evaluations that were saved, since some candidates were not measured on all images;
  /// absent if none was.
  package var evaluationsSaved: Int?
  /// The candidates that count as spent although nothing was measured of them.
  package var quarantined: [Quarantined]
  /// The keys whose results count no more and were measured again; absent if there are none.
  package var discardedKeys: [DiscardedKey]?
  /// The volume that the front dominates, in the units of the objectives.
  package var hypervolume: Double
  /// The reference point against which the hypervolume is measured, by objective.
  package var referencePoint: [String: Double]
  /// The accuracy of the dense model, if the run has evaluated it; reports that a coordinator
  /// writes while it works leave it out.
  package var dense: Dense?
  package var denseThroughput: Double?
  package var denseLatencySeconds: Double?
  package var denseEnergyJoulesPerImage: Double?
  package var denseWeightBytes: Int64?
  package var denseMacs: Int64?
  /// The quantities that evaluators have measured instead of a model; absent if there are none.
  package var measured: [String]?
  /// The constraints of the run, as text; absent if there are none.
  package var constraints: [String]?
  /// The candidate that comes nearest to meeting the constraints, if none meets them.
  package var nearestMiss: Point?
  /// The accuracy of the dense model on the confirm set, once it was measured.
  package var denseConfirmAccuracy: Double?
  /// How much more the members lose against the dense model on the confirm set than on the search
  /// set, which chose them, on average; absent unless all are measured on both.
  package var selectionGap: Double?
  /// The members, the most accurate first.
  package var points: [Point]

  /// Reads the report that a run directory holds.
  package static func read(_ path: String) throws -> FrontReport {
    guard let json = FileManager.default.contents(atPath: path) else {
      throw ExplainedError("cannot read \(path)")
    }
    return try JSONDecoder().decode(FrontReport.self, from: json)
  }

  /// The report as JSON.
  package func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
