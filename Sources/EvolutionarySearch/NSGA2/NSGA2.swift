import SparsityCore

/// NSGA-II (Deb et al. 2002) in steady state, where each result replaces the worst individual, or
/// in generations.
///
/// A generation begins when the last candidate of the one before is being evaluated, with what is
/// known by then: nobody waits for stragglers, which survive or not with the next generation.
struct NSGA2: SearchAlgorithm {
  private static let stateVersion: UInt8 = 1
  private static let generationalStateVersion: UInt8 = 2

  private let samplingCount: Int
  private let sampling: FeasibleSampling
  private let offspring: Offspring
  private var survival: Survival

  private enum Survival: Sendable {
    case steady(RankedPopulation)
    case generational(GenerationalPopulation)
  }

  init(space: ChoiceSpace, settings: SearchSettings) {
    samplingCount = settings.samplingCount
    sampling = FeasibleSampling(space: space, settings: settings)
    offspring = Offspring(space: space, settings: settings)
    survival =
      settings.isGenerational
      ? .generational(GenerationalPopulation(sizeMax: settings.populationSize))
      : .steady(RankedPopulation(sizeMax: settings.populationSize))
  }

  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError) {
    self.init(space: space, settings: settings)
    var reader = try StateReader(
      stateBytes, of: .nsga2,
      version: settings.isGenerational ? Self.generationalStateVersion : Self.stateVersion)
    switch survival {
    case .steady:
      let individuals = try reader.individuals(
        countMax: settings.populationSize, geneCount: space.geneCount,
        objectiveCount: settings.objectiveCount)
      try reader.finish()
      survival = .steady(
        RankedPopulation(sizeMax: settings.populationSize, restoring: individuals))
    case .generational(let empty):
      let survivorCount = try reader.count()
      let individuals = try reader.individuals(
        countMax: empty.countMax, geneCount: space.geneCount,
        objectiveCount: settings.objectiveCount)
      try reader.finish()
      guard survivorCount <= min(settings.populationSize, individuals.count) else {
        throw .stateDoesNotFit(
          diagnostic: "of the algorithm, \(survivorCount) of \(individuals.count) survive")
      }
      survival = .generational(
        GenerationalPopulation(
          sizeMax: settings.populationSize, restoring: individuals, survivorCount: survivorCount))
    }
  }

  var population: [Individual] {
    switch survival {
    case .steady(let survivors): survivors.individuals
    case .generational(let population): population.individuals
    }
  }

  var stateBytes: [UInt8] {
    switch survival {
    case .steady(let survivors):
      var writer = StateWriter(version: Self.stateVersion)
      writer.append(survivors.individuals)
      return writer.bytes
    case .generational(let population):
      var writer = StateWriter(version: Self.generationalStateVersion)
      writer.append(UInt64(population.survivors.individuals.count))
      writer.append(population.individuals)
      return writer.bytes
    }
  }

  mutating func propose(_ context: inout ProposalContext) -> Genome? {
    let parents =
      switch survival {
      case .steady(let survivors): survivors
      case .generational(let population): population.survivors
      }
    if context.number >= samplingCount, parents.individuals.count >= 2,
      let genome = offspring.genome(of: parents, &context)
    {
      return genome
    }
    return sampling.genome(&context)
  }

  mutating func begin(_ candidate: Candidate) {
    // As many are sampled as each generation has.
    guard case .generational(var population) = survival,
      (candidate.id.rawValue + 1).isMultiple(of: samplingCount)
    else { return }
    population.beginGeneration()
    survival = .generational(population)
  }

  mutating func observe(_ individual: Individual) {
    switch survival {
    case .steady(var survivors):
      // Taken out, so that it is changed in place.
      survival = .steady(RankedPopulation(sizeMax: survivors.sizeMax))
      survivors.insert(individual)
      survival = .steady(survivors)
    case .generational(var population):
      survival = .steady(RankedPopulation(sizeMax: population.survivors.sizeMax))
      population.insert(individual)
      survival = .generational(population)
    }
  }
}
