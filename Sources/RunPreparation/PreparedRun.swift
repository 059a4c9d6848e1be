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
import TextReports
import WireProtocol

/// A run whose inputs are checked, packed and hashed: ready for a coordinator.
package struct PreparedRun {
  /// Where the run keeps everything.
  package let directory: RunDirectory
  /// The run file with absolute paths and every default written out.
  package let runFile: RunFile
  /// What a coordinator must be told.
  package let settings: CoordinatorSettings
  /// Whether the run begins, rather than goes on.
  package let isNew: Bool
  /// The exact cost of every genome.
  package let costs: CostModel
  /// The model's name for reports.
  package let modelName: String

  /// Prepares a new run, or checks the inputs of the one that goes on, whichever applies.
  ///
  /// All that can be found wrong without looking at images is found before anything is written.
  ///
  /// - Parameters:
  ///   - request: What is to run.
  ///   - directory: Where the run keeps everything.
  ///   - expectedWorkerCount: The workers that will join as far as is known, so that nobody waits
  ///     for more of them to choose what the run file leaves open.
  ///   - cache: Where statistics of calibration images are kept for other runs.
  ///   - observer: Whom to tell how it gets on.
  package init(
    _ request: RunRequest, in directory: LockedRunDirectory, expectedWorkerCount: Int?,
    cache: StatisticsCache?, observer: WorkObserver
  ) throws {
    let files = directory.files
    try request.check(files)
    let continuation =
      files.holdsRun
      ? try RunContinuation(with: request.runFile, from: request.path, in: files) : nil
    guard var runFile = continuation?.runFile ?? request.runFile else {
      preconditionFailure("a request without a run file insists on a run")
    }
    // A run that goes on has a copy of a profile that was a file.
    if continuation != nil, runFile.accelerator.isFile {
      runFile.accelerator.profile = files.acceleratorProfile
    }
    let plan = try Self.plan(of: runFile)
    let (model, space, profile) = (plan.model, plan.space, plan.profile)
    let parameters = try Self.parameters(of: profile)
    try plan.searchSettings(outputErrors: nil).validate(choiceCounts: space.choiceCounts)
    try RunImagePacker.checkSources(of: runFile, in: files, resuming: continuation != nil)

    if runFile.accelerator.isFile { runFile.accelerator.profile = files.acceleratorProfile }
    if let continuation { try Self.keep(continuation, runFile, in: directory) }
    if continuation == nil, runFile.accelerator.isFile {
      try directory.write(Data(profile.yaml.utf8), to: files.acceleratorProfile)
    }
    let images = try RunImages(
      runFile: runFile, model: model, directory: directory, continuation: continuation,
      observer: observer)
    let configuration = try Self.copyConfiguration(of: model, runFile: runFile, to: directory)
    let bank = try RunBank(
      runFile: runFile, model: model, space: space, directory: directory, cache: cache,
      observer: observer)
    var description = RunDescription(
      run: continuation?.identity ?? Self.freshIdentity(),
      model: RunInput(path: absolutePath(model.path), content: model.contentHash),
      configuration: configuration, data: images.search, imageCount: images.searchCount,
      bank: bank.source, criterion: bank.criterion.rawValue, space: space,
      numerics: runFile.numerics(for: model.weights.network),
      accelerator: profile.name, acceleratorBatch: runFile.accelerator.batch,
      objectives: runFile.objectives, costNames: Cost.wireNames,
      shuffleSeed: runFile.search.seed, shardSize: runFile.shardImages,
      parameters: parameters)
    description.bankArithmetic = bank.arithmetic
    if continuation == nil { try directory.write(Data(runFile.yaml.utf8), to: files.runFile) }

    self.directory = files
    self.isNew = continuation == nil
    self.runFile = runFile
    self.costs = plan.costs
    self.modelName = Self.name(of: model)
    if let choices = plan.neededChoices { observer.notified(choices.diagnostic) }
    let (costs, constraints) = (plan.costs, plan.constraints)
    self.settings = CoordinatorSettings(
      description: description,
      numericsWindow: runFile.numericsWindow(workerCount: expectedWorkerCount),
      search: plan.searchSettings(outputErrors: bank.outputErrors),
      order: Self.order(runFile.search),
      model: CandidateModel(
        cost: { costs.cost(of: $0) }, violation: { _, cost in constraints.violation(of: cost) }),
      referencePoint: ReferencePoint.minimized(of: runFile.objectives, dense: costs.denseCost),
      settingsText: continuation?.settingsText ?? runFile.yaml,
      tokenSecret: (0..<RunOpening.tokenSecretSize).map { _ in .random(in: .min ... .max) })
  }

  private static func plan(of runFile: RunFile) throws -> RunPlan {
    do {
      return try RunPlan(runFile)
    } catch {
      throw error.reason
    }
  }

  /// Writes down what has changed of a run that goes on.
  ///
  /// What belongs to another test set is removed first, so that nothing is taken for what it is not
  /// wherever this is interrupted: a test set that is missing is packed at the next start.
  private static func keep(
    _ continuation: RunContinuation, _ runFile: RunFile, in directory: LockedRunDirectory
  ) throws {
    guard continuation.isChanged else { return }
    if continuation.hasOtherTestSet {
      try directory.remove(directory.files.testSet)
      try directory.remove(directory.files.front)
    }
    try directory.write(Data(runFile.yaml.utf8), to: directory.files.runFile)
  }

  /// Returns the parameters with which a profile travels to the workers.
  private static func parameters(of profile: AcceleratorProfile) throws -> [String: String] {
    let text = profile.contentText
    guard let parameters = RunDescription.parameters(ofAccelerator: text) else {
      throw ExplainedError(
        "the profile \(profile.name) has \(text.count) characters, too many to send to workers",
        nextStep: "keep fewer measurements in it")
    }
    return parameters
  }

  private static func order(_ search: RunFile.Search) -> CommitOrder {
    search.window.map { .strict(window: $0) } ?? .asynchronous
  }

  private static func copyConfiguration(
    of model: LoadedModel, runFile: RunFile, to directory: LockedRunDirectory
  ) throws -> RunInput {
    let path = directory.files.configuration
    let source =
      runFile.model.config ?? ModelConfigurationFile.path(besideWeights: model.path)
    guard let content = FileManager.default.contents(atPath: source) else {
      throw ExplainedError("cannot read \(source)")
    }
    try directory.write(content, to: path)
    return RunInput(path: path, content: try contentHash(ofFileAt: path))
  }

  private static func name(of model: LoadedModel) -> String {
    let name = model.configuration.name
    return name.isEmpty ? URL(filePath: model.path).lastPathComponent : name
  }

  private static func freshIdentity() -> RunID {
    while true {
      if let identity = RunID(UInt64.random(in: .min ... .max)) { return identity }
    }
  }
}
