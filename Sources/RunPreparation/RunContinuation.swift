import Foundation
import RunFiles
import RunStorage
import TextReports
import WireProtocol

/// A run that goes on: what its directory holds, with what may have changed since.
struct RunContinuation {
  /// The run file with the changes that are allowed.
  let runFile: RunFile
  /// The run's identity, if its journal has begun.
  let identity: RunID?
  /// The settings as the journal has them, which stay the same for the run's whole life.
  let settingsText: String?
  /// Whether the run file differs from the one in the directory.
  let isChanged: Bool
  /// The held-out sets that have other images than before, or are gone.
  let otherHeldOutSets: [HeldOutSet]

  /// Compares what was asked for with the run of a directory.
  ///
  /// - Parameters:
  ///   - given: The run file that was given; `nil` goes on with what the directory holds.
  ///   - path: Where it was read.
  /// - Throws: ``TextReports/ExplainedError`` that names each difference that a run cannot go on
  ///   with.
  init(with given: RunFile?, from path: String?, in directory: RunDirectory) throws {
    let stored = try RunFile(path: directory.runFile)
    let opening = try RunOpening.first(in: directory)
    // The journal says what the run is; the file beside it may have been changed by hand.
    let origin = try opening.map { try Self.origin($0, directory: directory) } ?? stored
    let requested = given ?? stored
    let name = path ?? directory.runFile
    try Self.check(requested, origin: origin, stored: stored, name: name, directory: directory)
    runFile = stored.adoptingChanges(of: requested)
    identity = opening?.description.run
    settingsText = opening?.settings
    isChanged = runFile != stored
    let adopted = runFile
    otherHeldOutSets = HeldOutSet.allCases.filter {
      adopted.source(of: $0) != stored.source(of: $0)
    }
  }

  private static func origin(_ opening: RunOpening, directory: RunDirectory) throws -> RunFile {
    do {
      return try RunFile(yaml: opening.settings, file: directory.journalPath)
    } catch {
      throw ExplainedError(
        "the settings in \(directory.journalPath) cannot be read: \(error.message)",
        nextStep: "go on with the version of elsa that has started the run")
    }
  }

  private static func check(
    _ requested: RunFile, origin: RunFile, stored: RunFile, name: String, directory: RunDirectory
  ) throws {
    // As it would be written: the journal's was written once, which rounds limits.
    let written = try RunFile(yaml: requested.yaml, file: name)
    var differences = written.differences(from: origin).map(\.description)
    if requested.search.evaluations < stored.search.evaluations {
      differences.append(
        "search.evaluations is \(requested.search.evaluations), the run has "
          + "\(stored.search.evaluations) and may only get more")
    }
    for (place, accelerator) in (requested.subject.network?.accelerators ?? []).enumerated()
    where accelerator.isFile {
      differences += try profileDifference(
        accelerator.profile, kept: directory.acceleratorProfile(place))
    }
    guard !differences.isEmpty else { return }
    throw ExplainedError(
      "\(directory.path) holds another run than \(name) describes: "
        + differences.joined(separator: "; "),
      nextStep: "name another run directory to start a new run, or go on with this one as it is: "
        + "leave the run file out and add --resume")
  }

  /// Compares an accelerator's profile with the one that is kept with the run.
  private static func profileDifference(
    _ path: String, kept: String
  ) throws -> [String] {
    // The run has its own copy; whether the original is still there does not matter.
    guard path != kept, FileManager.default.fileExists(atPath: path),
      FileManager.default.fileExists(atPath: kept)
    else { return [] }
    let profiles = try [path, kept].map { try AcceleratorFile.profile($0).contentHash }
    guard profiles[0] != profiles[1] else { return [] }
    return ["accelerator.profile \(path) has another content than the run's \(kept)"]
  }
}
