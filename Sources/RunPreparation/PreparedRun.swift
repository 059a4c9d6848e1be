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
  package let costs: GenomeCosts
  /// The network and its accelerator; `nil` where decisions are listed.
  package let network: PlannedNetwork?
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
    if continuation == nil { runFile = ReferencePoint.completing(runFile) }
    // A run that goes on has a copy of a profile that was a file.
    if continuation != nil { runFile.useProfiles(of: files) }
    let plan = try Self.plan(of: runFile)
    let parameters = try Self.parameters(of: plan)
    try plan.searchSettings(outputErrors: nil).validate(choiceCounts: plan.space.choiceCounts)
    let warmStart = continuation == nil ? try Self.warmStart(of: plan) : nil
    try RunImagePacker.checkSources(of: runFile, in: files, resuming: continuation != nil)

    let ownProfiles = runFile.useProfiles(of: files)
    if let continuation { try Self.keep(continuation, runFile, in: directory) }
    if continuation == nil, let profiles = plan.network?.profiles {
      for place in ownProfiles {
        try directory.write(
          Data(profiles[place].yaml.utf8), to: files.acceleratorProfile(place))
      }
    }
    let inputs = try RunInputs(
      plan, runFile: runFile, continuation: continuation, directory: directory, cache: cache,
      observer: observer)
    try Self.checkRepetitions(of: runFile, imageCount: inputs.imageCount)
    var description = RunDescription(
      run: continuation?.identity ?? Self.freshIdentity(),
      model: inputs.model, configuration: inputs.configuration, data: inputs.data,
      imageCount: inputs.imageCount, bank: inputs.bank, criterion: inputs.criterion,
      space: plan.space, numerics: runFile.numerics(for: plan.network?.network),
      accelerator: plan.costs.source,
      acceleratorBatch: plan.costs.denseCost.batch,
      objectives: runFile.objectives, costNames: plan.costs.denseCost.allWireNames,
      shuffleSeed: runFile.search.seed, shardSize: runFile.shardImages,
      parameters: parameters)
    description.bankArithmetic = inputs.bankArithmetic
    let others = plan.costs.all.dropFirst()
    description.acceleratorName = plan.costs.name
    description.otherAccelerators = others.map { costs in
      RunAccelerator(name: costs.name, profile: costs.source, batch: costs.denseCost.batch)
    }
    description.measuredCosts = MeasuredCosts.measurable.filter {
      runFile.measured?.quantities.isSuperset(of: CostQuantities(of: $0)) ?? false
    }
    if continuation == nil {
      if let warmStart {
        try warmStart.keep(in: directory)
        observer.notified(warmStart.diagnostic)
      }
      try directory.write(Data(runFile.yaml.utf8), to: files.runFile)
    }

    self.directory = files
    self.isNew = continuation == nil
    self.runFile = runFile
    self.costs = plan.costs
    self.network = plan.network
    self.modelName = inputs.name
    if let model = plan.network?.model {
      model.notifications.forEach { observer.notified("\(model.path): \($0)") }
    }
    if let choices = plan.neededChoices { observer.notified(choices.diagnostic) }
    let (costs, constraints) = (plan.costs, plan.constraints)
    let batch = description.acceleratorBatch
    var search = plan.searchSettings(outputErrors: inputs.outputErrors)
    if !runFile.search.warmStart.isEmpty {
      search.begin(with: try WarmStart.kept(in: files, space: plan.space), plan)
    }
    search.accuracy = runFile.objectives.firstIndex(of: .accuracy).map {
      SearchSettings.Accuracy(
        place: $0, imageCount: inputs.imageCount, floor: plan.accuracyFloor)
    }
    self.settings = CoordinatorSettings(
      description: description,
      numericsWindow: runFile.numericsWindow(workerCount: expectedWorkerCount),
      search: search,
      order: Self.order(runFile.search),
      stopping: Self.stopping(of: runFile, description),
      model: CandidateModel(
        cost: { costs.cost(of: $0) }, violation: { _, cost in constraints.violation(of: cost) },
        measuredViolation: { constraints.violation(of: $0, batch: batch) }),
      referencePoint: ReferencePoint(runFile).minimized(
        of: runFile.objectives, dense: costs.denseCost),
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

  /// Reads what a new run begins with of earlier ones; `nil` if it begins with nothing.
  private static func warmStart(of plan: RunPlan) throws -> WarmStart? {
    let directories = plan.runFile.search.warmStart
    guard !directories.isEmpty else { return nil }
    let allowed = try ChoiceSpace(
      choiceCounts: plan.space.choiceCounts, allowed: plan.neededChoices?.allowed)
    return try WarmStart(of: directories, in: plan.space) { allowed.contains($0) }
  }

  /// Writes down what has changed of a run that goes on.
  ///
  /// What belongs to other held-out sets is removed first, so that nothing is taken for what it is
  /// not wherever this is interrupted: a set that is missing is packed at the next start.
  private static func keep(
    _ continuation: RunContinuation, _ runFile: RunFile, in directory: LockedRunDirectory
  ) throws {
    guard continuation.isChanged else { return }
    for set in continuation.otherHeldOutSets {
      try directory.remove(directory.files.packed(set))
      try directory.remove(directory.files.front)
    }
    try directory.write(Data(runFile.yaml.utf8), to: directory.files.runFile)
  }

  /// Returns the parameters with which the source of costs travels to the workers.
  private static func parameters(of plan: RunPlan) throws -> [String: String] {
    if let profiles = plan.network?.profiles {
      var all: [String: String] = [:]
      for (place, profile) in profiles.enumerated() {
        let text = profile.contentText
        guard let own = RunDescription.parameters(of: .accelerator(place), text),
          all.count + own.count <= WireLimits.parameterCountMax
        else {
          throw ExplainedError(
            "the profile \(profile.name) has \(text.count) characters, too many to send to workers",
            nextStep: "keep fewer measurements in it")
        }
        all.merge(own) { first, _ in first }
      }
      return all
    }
    guard let text = plan.runFile.subject.listed?.text else { return [:] }
    guard let parameters = RunDescription.parameters(of: .decisions, text) else {
      throw ExplainedError(
        "the decisions have \(text.count) characters, too many to send to workers",
        nextStep: "list fewer, or measure their costs")
    }
    return parameters
  }

  /// Throws unless there are as many shards as costs are to be measured times.
  private static func checkRepetitions(of runFile: RunFile, imageCount: Int) throws {
    guard let measured = runFile.measured else { return }
    let slices = ImageSlice.slices(imageCount: imageCount, shardSize: runFile.shardImages)
    guard slices.count < measured.repetitions else { return }
    guard imageCount >= measured.repetitions else {
      throw ExplainedError(
        "costs are to be measured \(measured.repetitions) times, once with each shard, and there "
          + "\(imageCount == 1 ? "is" : "are") \(counted(imageCount, "image"))",
        nextStep: "lower costs.repetitions", isWrongUsage: true)
    }
    throw ExplainedError(
      "costs are measured once with each shard, \(counted(measured.repetitions, "time")) at least, "
        + "and \(counted(imageCount, "image")) are \(counted(slices.count, "shard"))",
      nextStep: "write fidelity: {shardImages: \(imageCount / measured.repetitions)}, or lower "
        + "costs.repetitions", isWrongUsage: true)
  }

  /// Returns when evaluations end early; `nil` if none does.
  private static func stopping(
    of runFile: RunFile, _ description: RunDescription
  ) -> EarlyStopping? {
    guard runFile.stopsEarly, let place = runFile.objectives.firstIndex(of: .accuracy) else {
      return nil
    }
    return EarlyStopping(
      sliceSizes: description.slices.map(\.count), accuracyPlace: place)
  }

  private static func order(_ search: RunFile.Search) -> CommitOrder {
    search.window.map { .strict(window: $0) } ?? .asynchronous
  }

  private static func freshIdentity() -> RunID {
    while true {
      if let identity = RunID(UInt64.random(in: .min ... .max)) { return identity }
    }
  }
}

extension RunFile {
  /// Names the run's copies of accelerators' profiles in place of the files that the run file has;
  /// returns the places of those that are files.
  @discardableResult
  fileprivate mutating func useProfiles(of directory: RunDirectory) -> [Int] {
    guard case .network(var network) = subject else { return [] }
    let places = network.accelerators.indices.filter { network.accelerators[$0].isFile }
    for place in places {
      network.accelerators[place].profile = directory.acceleratorProfile(place)
    }
    subject = .network(network)
    return places
  }
}
