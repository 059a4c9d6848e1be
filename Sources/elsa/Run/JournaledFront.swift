import Evaluation
import Foundation
import ModelFiles
import RunStorage
import SparsityCore
import WireProtocol

/// The front that a run directory's journal holds, with test accuracies measured earlier.
struct JournaledFront {
  /// The run's folder.
  let directory: RunDirectory
  /// What the run computes.
  let description: RunDescription
  /// The layers and levels of the run.
  let space: SearchSpace
  /// The front.
  let front: FrontReport

  /// Reads the journal of a run, which may be running.
  init(directory: RunDirectory) throws {
    guard directory.holdsRun else {
      throw CommandFailure(
        "no run in \(directory.path)", nextStep: "give the --run-directory of a search")
    }
    let records = try JournalReader(of: directory).records()
    guard let description = Self.description(in: records) else {
      throw CommandFailure("the journal in \(directory.path) has no run yet")
    }
    let configuration = try ModelConfigurationFile(
      path: directory.configuration, shapeNamed: ModelReference.shape)
    let name = configuration.architecture
    let source = try FrontSource(
      description: description,
      modelName: name.isEmpty ? URL(filePath: description.model.path).lastPathComponent : name,
      shape: configuration.shape)
    self.directory = directory
    self.description = description
    self.space = source.costs.space
    var builder = FrontBuilder(source)
    builder.add(records)
    self.front = Self.addingTestAccuracies(to: builder.report, in: directory)
  }

  /// Returns the identity of the run that a directory's journal holds, if it has begun one.
  static func identity(in directory: RunDirectory) throws -> RunID? {
    guard FileManager.default.fileExists(atPath: directory.journalPath) else { return nil }
    return description(in: try JournalReader(of: directory).records())?.run
  }

  /// Returns what the latest start of the coordinator computes.
  static func description(in records: [JournalRecord]) -> RunDescription? {
    for record in records.reversed() {
      if case .opened(let opening) = record { return opening.description }
    }
    return nil
  }

  /// Takes over what was measured on the test set for members that are still on the front.
  private static func addingTestAccuracies(
    to report: FrontReport, in directory: RunDirectory
  ) -> FrontReport {
    guard FileManager.default.fileExists(atPath: directory.front) else { return report }
    var report = report
    do {
      let earlier = try FrontReport.read(directory.front)
      let known = earlier.points.compactMap { point in
        point.testAccuracy.map { (point.candidate, $0) }
      }
      let accuracies = Dictionary(known) { first, _ in first }
      for index in report.points.indices {
        report.points[index].testAccuracy = accuracies[report.points[index].candidate]
      }
    } catch {
      Output.note("\(directory.front) cannot be read and is not used: \(error)")
    }
    return report
  }
}
