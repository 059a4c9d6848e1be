import AcceleratorModel
import Evaluation
import EvolutionarySearch
import NetworkArchitectures
import RunFiles
import SparsityCore
import TextReports

/// What of a run file cannot be used, and why.
package struct RunPlanError: Error {
  /// A thing that a run file names.
  package enum Subject: String {
    case model
    case accelerator
    case patterns
    case decisions
    case constraints
  }

  /// What is wrong.
  package let subject: Subject
  /// Why.
  package let reason: any Error
}

/// The network of a run with the accelerator that it is meant for.
package struct PlannedNetwork {
  /// What the run file says of it.
  package let subject: RunFile.NetworkSubject
  /// The checkpoint to prune.
  package let model: LoadedModel
  /// The accelerators whose costs count, in the order of the run file.
  package let profiles: [AcceleratorProfile]

  /// The network.
  package var network: Network { model.weights.network }
}

/// What a run file asks for, read and checked as far as no image is needed; nothing is written.
package struct RunPlan {
  /// The run file with absolute paths.
  package let runFile: RunFile
  /// The network; `nil` where decisions are listed.
  package let network: PlannedNetwork?
  /// What genomes decide about.
  package var space: SearchSpace { costs.space }
  /// The exact cost of every genome, without what is measured.
  package let costs: GenomeCosts
  /// What every candidate must satisfy of what it costs.
  package let constraints: RunConstraints
  /// The accuracy that every candidate must have; `nil` if any will do.
  package let accuracyFloor: AccuracyFloor?

  /// Reads what a run file names.
  ///
  /// - Throws: what is wrong with the model, the profile, the patterns or a constraint.
  package init(_ runFile: RunFile) throws(RunPlanError) {
    let all: GenomeCosts
    switch runFile.subject {
    case .network(let subject):
      let (network, costs) = try Self.plan(subject)
      self.network = network
      all = costs
    case .listed(let decisions):
      network = nil
      all = try Self.reading(.decisions) { try decisions.costs() }
    }
    let measured = runFile.measured?.quantities ?? []
    let costs = all.without(measured)
    let constraints = RunConstraints(
      runFile.constraints, dense: costs.denseCost, measured: measured)
    try Self.reading(.constraints) {
      try constraints.check(
        feasibleIn: costs,
        objectives: runFile.objectives.filter {
          measured.isDisjoint(with: CostQuantities(of: $0))
        })
    }
    let layers = network?.network.prunableLayers ?? []
    accuracyFloor = try Self.reading(.constraints) {
      try Self.floor(of: runFile.accuracyBound, dense: costs.space.denseGenome(of: layers))
    }
    self.runFile = runFile
    self.costs = costs
    self.constraints = constraints
  }

  /// Returns the accuracy that candidates must have, by which genome it is measured.
  private static func floor(
    of bound: AccuracyBound?, dense: Genome?
  ) throws -> AccuracyFloor? {
    switch bound {
    case nil: return nil
    case .atLeast(let share): return .atLeast(share)
    case .lossAtMost(let points):
      guard let dense else {
        throw ExplainedError(
          "what is lost against the dense model cannot be told: it is not in the search space",
          nextStep: "add the dense pattern, or write constraints: {accuracy: {atLeast: 0.7}}",
          isWrongUsage: true)
      }
      return .lossAtMost(points / 100, against: dense)
    }
  }

  /// Reads a model and the profile of its accelerator.
  private static func plan(
    _ subject: RunFile.NetworkSubject
  ) throws(RunPlanError) -> (PlannedNetwork, GenomeCosts) {
    let model = try reading(.model) {
      try LoadedModel(subject.model.source)
    }
    let profiles = try reading(.accelerator) {
      try subject.accelerators.map { try AcceleratorFile.profile($0.profile) }
    }
    let network = model.weights.network
    let space = try reading(.patterns) {
      do throws(RunFileError) {
        return try subject.searchSpace(of: network, file: "the run file")
      } catch {
        throw ExplainedError("\(error)", isWrongUsage: true)
      }
    }
    let costs = try reading(.accelerator) {
      try computingCosts(of: model.path) {
        try zip(subject.accelerators, profiles).map { accelerator, profile in
          let model = try CostModel(
            network: network, space: space, profile: profile, batch: accelerator.batch)
          return (accelerator.name, model.costs)
        }
      }
    }
    return (
      PlannedNetwork(subject: subject, model: model, profiles: profiles),
      GenomeCosts(joining: costs)
    )
  }

  private static func reading<Result>(
    _ subject: RunPlanError.Subject, _ body: () throws -> Result
  ) throws(RunPlanError) -> Result {
    do {
      return try body()
    } catch {
      throw RunPlanError(subject: subject, reason: error)
    }
  }

  /// The choices that no denser pattern makes needless; `nil` if the run keeps all.
  package var neededChoices: NeededChoices? {
    guard runFile.search.dropsDominated else { return nil }
    let choices = NeededChoices(
      costs: costs,
      criteria: CostCriteria(objectives: runFile.objectives, constraints: runFile.constraints))
    return choices.droppedCount > 0 ? choices : nil
  }

  /// Returns the settings of the search; choices that cost no less than denser ones are left out.
  ///
  /// - Parameter outputErrors: What each layer loses at each level, if it was measured.
  package func searchSettings(outputErrors: [[Double]]?) -> SearchSettings {
    var settings = SearchSettings(
      populationSize: runFile.search.population, evaluationCountMax: runFile.search.evaluations,
      seed: runFile.search.seed,
      algorithm: runFile.search.algorithm,
      objectiveCount: runFile.objectives.count,
      initial: runFile.search.algorithm == .oneAtATime ? [] : space.uniformGenomes)
    settings.isGenerational = runFile.search.isGenerational
    // What a layer's output loses says little of what the model loses: an algorithm that learns
    // that from results is better off without, and ELSA's own has none.
    let learns = [.bayesian, .elsaPaper, .oneAtATime].contains(runFile.search.algorithm)
    let seeds = SensitivitySeeds.genomes(
      outputErrors: learns ? nil : outputErrors, space: space,
      layers: network?.network.prunableLayers ?? [],
      count: min(runFile.search.population, runFile.search.evaluations / 4) / 2)
    for seed in seeds where !settings.initial.contains(seed) { settings.initial.append(seed) }
    guard let choices = neededChoices else { return settings }
    settings.allowedChoices = choices.allowed
    settings.initial = choices.replacing(in: settings.initial)
    return settings
  }
}
