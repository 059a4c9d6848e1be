import Coordination
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
    let reader = try JournalReader(of: directory)
    guard let opening = try Self.firstOpening(of: reader, in: directory) else {
      throw CommandFailure("the journal in \(directory.path) has no run yet")
    }
    let configuration = try NetworkConfiguration(path: directory.configuration)
    let name = configuration.name
    let path = opening.description.model.path
    let source = try FrontSource(
      description: opening.description,
      modelName: name.isEmpty ? URL(filePath: path).lastPathComponent : name,
      network: configuration.network)
    self.directory = directory
    self.description = opening.description
    self.space = source.costs.space
    do {
      let content = try Self.content(of: reader, source: source)
      self.front = source.report(content).adding(FrontReport.testAccuracies(in: directory))
    } catch let misfit as FrontBuilder.Misfit {
      throw CommandFailure(
        "the journal in \(directory.path) is not that of the model in "
          + "\(directory.configuration): \(misfit)", nextStep: "put the original back")
    }
  }

  /// Reads what is to be shown: from the snapshot on, or everything, a portion at a time.
  private static func content(
    of reader: JournalReader, source: FrontSource
  ) throws -> FrontContent {
    let objectives = source.description.objectives
    let found = try reader.discards()
    let discards = DiscardedResults(found)
    var builder = FrontBuilder(
      space: source.costs.space, objectives: objectives, discards: discards)
    var sequence = 0
    if let snapshot = try usableSnapshot(of: reader), snapshot.recordCount >= discards.end {
      builder = try FrontBuilder(
        space: source.costs.space, objectives: objectives, discards: discards, snapshot: snapshot)
      sequence = snapshot.recordCount
    }
    let records = JournalRecords(of: reader, from: sequence)
    while let record = records.next() {
      try builder.add(record, at: sequence)
      sequence += 1
    }
    if let failure = records.failure { throw failure }
    var content = builder.content
    content.discarded = found.map(\.key)
    content.complete(with: try reader.records(about: content.unknown))
    return content
  }

  /// Reads the snapshot, or returns `nil` if there is none or it is of no use: all that it stands
  /// for is in the records.
  private static func usableSnapshot(of reader: JournalReader) throws -> RunSnapshot? {
    do {
      guard let stored = try reader.snapshot() else { return nil }
      let snapshot = try RunSnapshot(decoding: stored.content)
      return snapshot.recordCount == stored.recordCount ? snapshot : nil
    } catch RunStorageError.damagedSnapshot(_, let words) {
      Output.note("The snapshot in \(reader.path) is damaged (\(words)); all records are read.")
      return nil
    } catch let error as WireError {
      Output.note("The snapshot in \(reader.path) is damaged (\(error)); all records are read.")
      return nil
    }
  }

  /// Returns the first start of the run that a directory's journal holds, if it has begun one.
  static func firstOpening(in directory: RunDirectory) throws -> RunOpening? {
    // A coordinator that was killed at once leaves an empty file.
    let attributes = try? FileManager.default.attributesOfItem(atPath: directory.journalPath)
    guard let size = attributes?[.size] as? Int, size > 0 else { return nil }
    return try firstOpening(of: JournalReader(of: directory), in: directory)
  }

  private static func firstOpening(
    of reader: JournalReader, in directory: RunDirectory
  ) throws -> RunOpening? {
    guard let first = try reader.records(countMax: 1).first else { return nil }
    guard case .opened(let opening) = first else {
      throw CommandFailure(
        "the journal in \(directory.path) does not begin with the start of a run",
        nextStep: "restore it from a copy, or start a new run")
    }
    return opening
  }
}
