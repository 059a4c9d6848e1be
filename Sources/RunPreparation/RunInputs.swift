import Evaluation
import Foundation
import ModelFiles
import RunFiles
import RunStorage
import SparsityCore
import TextReports
import WireProtocol

/// What workers read, or know that there is none of.
struct RunInputs {
  /// The checkpoint.
  let model: RunInput?
  /// The checkpoint's configuration, copied into the run directory.
  let configuration: RunInput?
  /// The images that candidates are measured on.
  let data: RunInput?
  let imageCount: Int
  let bank: BankSource
  /// The arithmetic that the bank was calibrated in, if it was.
  let bankArithmetic: String?
  /// The name of the pruning criterion.
  let criterion: String
  /// The share of the output energy that each layer loses at each level, if it was measured.
  let outputErrors: [[Double]]?
  /// What reports call the model.
  let name: String

  /// Prepares the inputs of a new run, or checks those of one that goes on.
  init(
    _ plan: RunPlan, runFile: RunFile, continuation: RunContinuation?,
    directory: LockedRunDirectory, cache: StatisticsCache?, observer: WorkObserver
  ) throws {
    guard let network = plan.network else {
      let images = RunImages(counted: runFile)
      (model, configuration, data) = (nil, nil, images.search)
      imageCount = images.searchCount
      (bank, bankArithmetic, criterion, outputErrors) = (.none, nil, "none", nil)
      name = runFile.numerics(for: nil).backend.name
      return
    }
    let model = network.model
    let images = try RunImages(
      runFile: runFile, model: model, directory: directory, continuation: continuation,
      observer: observer)
    configuration = try Self.copyConfiguration(of: network, to: directory)
    let bank = try RunBank(
      runFile: runFile, criterion: network.subject.pruning.criterion, model: model,
      space: plan.space, directory: directory, cache: cache, observer: observer)
    self.model = RunInput(
      path: try Self.checkpoint(of: network, in: directory), content: model.contentHash)
    data = images.search
    imageCount = images.searchCount
    self.bank = bank.source
    bankArithmetic = bank.arithmetic
    criterion = bank.criterion.rawValue
    outputErrors = bank.outputErrors
    name = Self.name(of: model)
  }

  /// Returns the path of the one file that the run's checkpoint is: shards, and one of several
  /// models in a file, are written into the run directory.
  private static func checkpoint(
    of network: PlannedNetwork, in directory: LockedRunDirectory
  ) throws -> String {
    let model = network.model
    guard !model.isWholeFile else { return absolutePath(model.path) }
    let path = directory.files.model
    // A run that goes on has it, unless it was changed.
    if (try? contentHash(ofFileAt: path)) == model.contentHash { return path }
    try Checkpoint(path: model.path, prefix: network.subject.model.prefix).write(to: path)
    return path
  }

  /// Writes the configuration into the run directory, complete in itself.
  private static func copyConfiguration(
    of network: PlannedNetwork, to directory: LockedRunDirectory
  ) throws -> RunInput {
    let path = directory.files.configuration
    try directory.write(Data(network.model.configuration.bytes), to: path)
    return RunInput(path: path, content: try contentHash(ofFileAt: path))
  }

  private static func name(of model: LoadedModel) -> String {
    let name = model.configuration.name
    return name.isEmpty ? URL(filePath: model.path).lastPathComponent : name
  }
}
