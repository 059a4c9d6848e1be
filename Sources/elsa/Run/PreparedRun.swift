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
  init(runFilePath: String?, directory: RunDirectory, identity: RunID?) throws {
    try directory.prepare(resuming: runFilePath == nil)
    var runFile = try Self.read(runFilePath ?? directory.runFile)
    let model = try LoadedModel(
      path: runFile.model.weights, configurationPath: runFile.model.config)
    let profile = try Self.profile(&runFile, directory: directory, resuming: runFilePath == nil)
    let shape = model.weights.shape
    let space = SearchSpace(layers: shape.prunableLayers, patterns: runFile.patterns)
    let costs = try CostModel(
      shape: shape, space: space, profile: profile, batch: runFile.accelerator.batch)
    let constraints = RunConstraints(runFile.constraints, dense: costs.denseCost)
    try constraints.check(feasibleIn: costs, objectives: runFile.objectives)

    let numerics = Numerics.best(
      for: shape, precision: runFile.precision, instructionSet: runFile.instructionSet)
    runFile.instructionSet = numerics.instructionSet
    let images = try RunImages(
      runFile: runFile, model: model, directory: directory, resuming: runFilePath == nil)
    let configuration = try Self.copyConfiguration(of: model, runFile: runFile, to: directory)
    let bank = try RunBank(runFile: runFile, model: model, space: space, directory: directory)
    let description = RunDescription(
      run: identity ?? Self.freshIdentity(),
      model: RunInput(path: absolutePath(model.path), content: model.contentHash),
      configuration: configuration, data: images.search, imageCount: images.searchCount,
      bank: bank.contentHash, criterion: bank.criterion.rawValue, patterns: space.patterns,
      numerics: numerics,
      accelerator: profile.name, acceleratorBatch: runFile.accelerator.batch,
      objectives: runFile.objectives, costNames: Cost.wireNames,
      shuffleSeed: runFile.search.seed, shardSize: runFile.shardImages,
      parameters: try Self.parameters(of: profile))
    if runFilePath != nil { try directory.write(Data(runFile.yaml.utf8), to: directory.runFile) }

    self.directory = directory
    self.runFile = runFile
    self.frontSource = FrontSource(
      description: description, modelName: Self.modelName(model), costs: costs)
    self.settings = CoordinatorSettings(
      description: description, space: space, search: Self.searchSettings(runFile, costs, bank),
      order: Self.order(runFile.search),
      model: CandidateModel(
        cost: { costs.cost(of: $0) }, violation: { _, cost in constraints.violation(of: cost) }),
      referencePoint: ReferencePoint.minimized(of: runFile.objectives, dense: costs.denseCost),
      settingsText: runFile.yaml)
  }

  /// Reads a run file; its paths become absolute.
  static func read(_ path: String) throws -> RunFile {
    guard let content = FileManager.default.contents(atPath: path) else {
      throw CommandFailure(
        "cannot read the run file \(path)", nextStep: "see README.md for an example of one")
    }
    guard let text = String(data: content, encoding: .utf8) else {
      throw CommandFailure("\(path) is not UTF-8 text")
    }
    let folder = URL(filePath: path).absoluteURL.deletingLastPathComponent()
    return try RunFile(yaml: text, file: path).resolvingPaths { relative in
      URL(filePath: relative, relativeTo: folder).standardizedFileURL.path(percentEncoded: false)
    }
  }

  /// Returns the settings of the search; choices that cost no less than denser ones are left out.
  private static func searchSettings(
    _ runFile: RunFile, _ costs: CostModel, _ bank: RunBank
  ) -> SearchSettings {
    let space = costs.space
    var settings = SearchSettings(
      populationSize: runFile.search.population, evaluationCountMax: runFile.search.evaluations,
      seed: runFile.search.seed,
      algorithm: runFile.search.algorithm == .nsga2 ? .nsga2 : .randomSearch,
      objectiveCount: runFile.objectives.count,
      initial: SearchSettings.uniformGenomes(of: space.choiceCounts))
    let seeds = RunBank.seedGenomes(
      outputErrors: bank.outputErrors, space: space,
      count: min(runFile.search.population, runFile.search.evaluations / 4) / 2)
    for seed in seeds where !settings.initial.contains(seed) { settings.initial.append(seed) }
    guard runFile.search.dropsDominated else { return settings }
    let choices = NeededChoices(
      costs: costs,
      criteria: CostCriteria(
        objectives: runFile.objectives, constraints: runFile.constraints))
    guard choices.droppedCount > 0 else { return settings }
    Output.note(choices.words)
    settings.allowedChoices = choices.allowed
    settings.initial = choices.replacing(in: settings.initial)
    return settings
  }

  /// Reads the accelerator's profile; one from a file is kept with the run.
  private static func profile(
    _ runFile: inout RunFile, directory: RunDirectory, resuming: Bool
  ) throws -> AcceleratorProfile {
    guard runFile.accelerator.isFile else {
      return try AcceleratorProfile.named(runFile.accelerator.profile)
    }
    let isKept = resuming && FileManager.default.fileExists(atPath: directory.acceleratorProfile)
    let profile = try AcceleratorFile.profile(
      isKept ? directory.acceleratorProfile : runFile.accelerator.profile)
    runFile.accelerator.profile = directory.acceleratorProfile
    if !isKept {
      try directory.write(Data(profile.yaml.utf8), to: directory.acceleratorProfile)
    }
    return profile
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
