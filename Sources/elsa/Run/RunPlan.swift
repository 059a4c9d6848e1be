import AcceleratorModel
import Evaluation
import EvolutionarySearch
import RunFiles
import SparsityCore

/// Why the patterns of a run file give no search space of its model.
struct SpaceMisfit: Error {
  /// The error for the user.
  let failure: CommandFailure
}

/// What a run file asks for, read and checked as far as no image is needed; nothing is written.
struct RunPlan {
  /// The run file with absolute paths.
  let runFile: RunFile
  /// The checkpoint to prune.
  let model: LoadedModel
  /// The accelerator whose cost counts.
  let profile: AcceleratorProfile
  /// What genomes decide about.
  let space: SearchSpace
  /// The exact cost of every genome.
  let costs: CostModel
  /// What every candidate must satisfy.
  let constraints: RunConstraints

  /// Reads what a run file names.
  ///
  /// - Throws: what is wrong with the model, the profile or a constraint, in words.
  init(_ runFile: RunFile) throws {
    let model = try LoadedModel(
      path: runFile.model.weights, configurationPath: runFile.model.config)
    let profile = try AcceleratorFile.profile(runFile.accelerator.profile)
    let network = model.weights.network
    let space: SearchSpace
    do throws(RunFileError) {
      space = try runFile.searchSpace(of: network, file: "the run file")
    } catch {
      throw SpaceMisfit(failure: CommandFailure("\(error)", status: .wrongUsage))
    }
    let costs = try computingCosts(of: model.path) {
      try CostModel(
        network: network, space: space, profile: profile, batch: runFile.accelerator.batch)
    }
    self.runFile = runFile
    self.model = model
    self.profile = profile
    self.space = space
    self.costs = costs
    constraints = RunConstraints(runFile.constraints, dense: costs.denseCost)
    try constraints.check(feasibleIn: costs, objectives: runFile.objectives)
  }

  /// The choices that no denser pattern makes needless; `nil` if the run keeps all.
  var neededChoices: NeededChoices? {
    guard runFile.search.dropsDominated else { return nil }
    let choices = NeededChoices(
      costs: costs,
      criteria: CostCriteria(objectives: runFile.objectives, constraints: runFile.constraints))
    return choices.droppedCount > 0 ? choices : nil
  }

  /// Returns the settings of the search; choices that cost no less than denser ones are left out.
  ///
  /// - Parameter outputErrors: What each layer loses at each level, if it was measured.
  func searchSettings(outputErrors: [[Double]]?) -> SearchSettings {
    var settings = SearchSettings(
      populationSize: runFile.search.population, evaluationCountMax: runFile.search.evaluations,
      seed: runFile.search.seed,
      algorithm: runFile.search.algorithm == .nsga2 ? .nsga2 : .randomSearch,
      objectiveCount: runFile.objectives.count,
      initial: space.uniformGenomes)
    let seeds = RunBank.seedGenomes(
      outputErrors: outputErrors, space: space, layers: model.weights.network.prunableLayers,
      count: min(runFile.search.population, runFile.search.evaluations / 4) / 2)
    for seed in seeds where !settings.initial.contains(seed) { settings.initial.append(seed) }
    guard let choices = neededChoices else { return settings }
    settings.allowedChoices = choices.allowed
    settings.initial = choices.replacing(in: settings.initial)
    return settings
  }
}
