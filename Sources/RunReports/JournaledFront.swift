import AcceleratorModel
import Coordination
import Evaluation
import Foundation
import ModelFiles
import NetworkArchitectures
import RunFiles
import RunPreparation
import RunStorage
import SparsityCore
import TextReports
import WireProtocol

/// The front that a run directory's journal holds, with test accuracies measured earlier.
package struct JournaledFront {
  /// The run's folder.
  package let directory: RunDirectory
  /// What the run computes.
  package let description: RunDescription
  /// The layers and levels of the run.
  package let space: SearchSpace
  /// The genome that is the dense model, if it is in the space.
  let denseGenome: Genome?
  /// The exact cost of every genome of the run.
  let costs: GenomeCosts
  package var front: FrontReport

  /// Reads the journal of a run, which may be running.
  ///
  /// - Parameter notified: Is told what is damaged and can be done without.
  package init(directory: RunDirectory, notified: (String) -> Void) throws {
    guard directory.holdsRun else {
      throw ExplainedError(
        "no run in \(directory.path)", nextStep: "give the --run-directory of a search")
    }
    let reader = try JournalReader(of: directory)
    guard let opening = try RunOpening.first(of: reader, in: directory) else {
      throw ExplainedError("the journal in \(directory.path) has no run yet")
    }
    let (name, network) = try Self.subject(of: opening.description, in: directory)
    let source = try FrontSource(
      description: opening.description, modelName: name, network: network,
      runFile: try Self.runFile(of: opening, in: directory))
    self.directory = directory
    self.description = opening.description
    self.space = source.costs.space
    self.denseGenome = source.denseGenome
    self.costs = source.costs
    do {
      let content = try Self.content(of: reader, source: source, notified: notified)
      self.front = source.report(content).adding(
        HeldOutAccuracies(in: directory, notified: notified))
    } catch let misfit as FrontBuilder.Misfit {
      throw ExplainedError(
        "the journal in \(directory.path) is not that of the model in "
          + "\(directory.configuration): \(misfit)", nextStep: "put the original back")
    }
  }

  /// Returns the run file with which a run has begun.
  private static func runFile(
    of opening: RunOpening, in directory: RunDirectory
  ) throws -> RunFile {
    do {
      return try RunFile(yaml: opening.settings, file: directory.journalPath)
    } catch {
      throw ExplainedError(
        "the settings in \(directory.journalPath) cannot be read: \(error.message)",
        nextStep: "use the version of elsa that has started the run")
    }
  }

  /// Returns what reports call the model, and the network if there is one.
  private static func subject(
    of description: RunDescription, in directory: RunDirectory
  ) throws -> (name: String, network: Network?) {
    guard let wanted = description.configuration, let model = description.model else {
      return (description.numerics.backend.name, nil)
    }
    guard try contentHash(ofFileAt: directory.configuration) == wanted.content else {
      // Names of layers may fit all the same; the costs would be another model's.
      throw ExplainedError(
        "\(directory.configuration) is not the model configuration of this run any more",
        nextStep: "put the original back")
    }
    let configuration = try NetworkConfiguration(path: directory.configuration)
    let name = configuration.name
    return (
      name.isEmpty ? URL(filePath: model.path).lastPathComponent : name, configuration.network
    )
  }

  /// Reads what is to be shown: from the snapshot on, or everything, a portion at a time.
  private static func content(
    of reader: JournalReader, source: FrontSource, notified: (String) -> Void
  ) throws -> FrontContent {
    let (objectives, imageCount) = (source.description.objectives, source.description.imageCount)
    let found = try reader.discards()
    let discards = DiscardedResults(found)
    var builder = FrontBuilder(
      space: source.costs.space, objectives: objectives, imageCount: imageCount,
      discards: discards)
    var sequence = 0
    if let snapshot = try usableSnapshot(of: reader, notified: notified),
      snapshot.recordCount >= discards.end
    {
      builder = try FrontBuilder(
        space: source.costs.space, objectives: objectives, imageCount: imageCount,
        discards: discards, snapshot: snapshot)
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
  private static func usableSnapshot(
    of reader: JournalReader, notified: (String) -> Void
  ) throws -> RunSnapshot? {
    do {
      guard let stored = try reader.snapshot() else { return nil }
      let snapshot = try RunSnapshot(decoding: stored.content)
      return snapshot.recordCount == stored.recordCount ? snapshot : nil
    } catch RunStorageError.damagedSnapshot(_, let diagnostic) {
      notified("The snapshot in \(reader.path) is damaged (\(diagnostic)); all records are read.")
      return nil
    } catch let error as WireError {
      notified("The snapshot in \(reader.path) is damaged (\(error)); all records are read.")
      return nil
    }
  }
}
