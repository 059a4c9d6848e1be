import AcceleratorModel
import Coordination
import Evaluation
import EvolutionarySearch
import Foundation
import ModelFiles
import Pruning
import RunFiles
import RunStorage
import SparsityCore
import WireProtocol

/// A run whose inputs are checked, packed and hashed: ready for a coordinator.
struct PreparedRun {
  /// Where the run keeps everything.
  let directory: RunDirectory
  /// The run file with absolute paths and every default written out.
  let runFile: RunFile
  /// What a coordinator must be told.
  let settings: CoordinatorSettings
  /// What reports are computed from.
  let frontSource: FrontSource

  /// Prepares a new run, or checks the inputs of one that goes on.
  ///
  /// - Parameters:
  ///   - runFilePath: The run file of a new run; `nil` goes on with what the directory holds.
  ///   - directory: Where the run keeps everything.
  ///   - identity: The run's identity, if a journal has one.
  ///   - expectedWorkerCount: The workers that will join as far as is known, so that nobody waits
  ///     for more of them to choose what the run file leaves open.
  init(
    runFilePath: String?, directory: RunDirectory, identity: RunID?, expectedWorkerCount: Int?
  ) throws {
    try directory.prepare(resuming: runFilePath == nil)
    var runFile = try Self.read(runFilePath ?? directory.runFile)
    if runFilePath == nil { Self.useKeptProfile(&runFile, in: directory) }
    let plan = try RunPlan(runFile)
    let (model, space, profile) = (plan.model, plan.space, plan.profile)
    let shape = model.weights.shape
    if runFile.accelerator.isFile, runFile.accelerator.profile != directory.acceleratorProfile {
      runFile.accelerator.profile = directory.acceleratorProfile
      try directory.write(Data(profile.yaml.utf8), to: directory.acceleratorProfile)
    }

    let images = try RunImages(
      runFile: runFile, model: model, directory: directory, resuming: runFilePath == nil)
    let configuration = try Self.copyConfiguration(of: model, runFile: runFile, to: directory)
    let bank = try RunBank(runFile: runFile, model: model, space: space, directory: directory)
    var description = RunDescription(
      run: identity ?? Self.freshIdentity(),
      model: RunInput(path: absolutePath(model.path), content: model.contentHash),
      configuration: configuration, data: images.search, imageCount: images.searchCount,
      bank: bank.contentHash, criterion: bank.criterion.rawValue, patterns: space.patterns,
      numerics: Numerics.most(
        for: shape, precision: runFile.precision, instructionSet: runFile.instructionSet),
      accelerator: profile.name, acceleratorBatch: runFile.accelerator.batch,
      objectives: runFile.objectives, costNames: Cost.wireNames,
      shuffleSeed: runFile.search.seed, shardSize: runFile.shardImages,
      parameters: try Self.parameters(of: profile))
    description.bankArithmetic = bank.arithmetic
    if runFilePath != nil { try directory.write(Data(runFile.yaml.utf8), to: directory.runFile) }

    self.directory = directory
    self.runFile = runFile
    self.frontSource = FrontSource(
      description: description, modelName: Self.modelName(model), costs: plan.costs)
    if let choices = plan.neededChoices { Output.note(choices.words) }
    let (costs, constraints) = (plan.costs, plan.constraints)
    self.settings = CoordinatorSettings(
      description: description,
      numericsWindow: runFile.numericsWindow(workerCount: expectedWorkerCount), space: space,
      search: plan.searchSettings(outputErrors: bank.outputErrors),
      order: Self.order(runFile.search),
      model: CandidateModel(
        cost: { costs.cost(of: $0) }, violation: { _, cost in constraints.violation(of: cost) }),
      referencePoint: ReferencePoint.minimized(of: runFile.objectives, dense: costs.denseCost),
      settingsText: runFile.yaml)
  }

  /// Reads a run file; its paths become absolute.
  static func read(_ path: String) throws -> RunFile {
    let text = try TextFile.text(of: path)
    let folder = URL(filePath: path).absoluteURL.deletingLastPathComponent()
    return try RunFile(yaml: text, file: path).resolvingPaths { relative in
      URL(filePath: relative, relativeTo: folder).standardizedFileURL.path(percentEncoded: false)
    }
  }

  /// Goes on with the copy of the profile that the run keeps, if its file was copied.
  private static func useKeptProfile(_ runFile: inout RunFile, in directory: RunDirectory) {
    let kept = directory.acceleratorProfile
    if runFile.accelerator.isFile, FileManager.default.fileExists(atPath: kept) {
      runFile.accelerator.profile = kept
    }
  }

  /// Returns the parameters with which a profile travels to the workers.
  private static func parameters(of profile: AcceleratorProfile) throws -> [String: String] {
    let text = profile.contentText
    guard let parameters = RunDescription.parameters(ofAccelerator: text) else {
      throw CommandFailure(
        "the profile \(profile.name) has \(text.count) characters, too many to send to workers",
        nextStep: "keep fewer measurements in it")
    }
    return parameters
  }

  private static func order(_ search: RunFile.Search) -> CommitOrder {
    search.window.map { .strict(window: $0) } ?? .asynchronous
  }

  private static func copyConfiguration(
    of model: LoadedModel, runFile: RunFile, to directory: RunDirectory
  ) throws -> RunInput {
    let source =
      runFile.model.config ?? ModelConfigurationFile.path(besideWeights: model.path)
    guard let content = FileManager.default.contents(atPath: source) else {
      throw CommandFailure("cannot read \(source)")
    }
    try directory.write(content, to: directory.configuration)
    return RunInput(
      path: directory.configuration, content: try contentHash(ofFileAt: directory.configuration))
  }

  private static func modelName(_ model: LoadedModel) -> String {
    let name = model.configuration.architecture
    return name.isEmpty ? URL(filePath: model.path).lastPathComponent : name
  }

  private static func freshIdentity() -> RunID {
    while true {
      if let identity = RunID(UInt64.random(in: .min ... .max)) { return identity }
    }
  }
}
