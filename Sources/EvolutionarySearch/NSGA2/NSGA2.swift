import SparsityCore

/// NSGA-II (Deb et al. 2002) in steady state: each result replaces the worst individual.
struct NSGA2: SearchAlgorithm {
  private static let stateVersion: UInt8 = 1

  private let samplingCount: Int
  private let sampling: FeasibleSampling
  private let offspring: Offspring
  private var survivors: RankedPopulation

  init(space: ChoiceSpace, settings: SearchSettings) {
    samplingCount = settings.samplingCount
    sampling = FeasibleSampling(space: space, settings: settings)
    offspring = Offspring(space: space, settings: settings)
    survivors = RankedPopulation(sizeMax: settings.populationSize)
  }

  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError) {
    self.init(space: space, settings: settings)
    var reader = try StateReader(
      stateBytes, of: SearchAlgorithmName.nsga2, version: Self.stateVersion)
    let individuals = try reader.individuals(
      countMax: settings.populationSize, geneCount: space.geneCount,
      objectiveCount: settings.objectiveCount)
    try reader.finish()
    survivors = RankedPopulation(sizeMax: settings.populationSize, restoring: individuals)
  }

  var population: [Individual] { survivors.individuals }

  var stateBytes: [UInt8] {
    var writer = StateWriter(version: Self.stateVersion)
    writer.append(survivors.individuals)
    return writer.bytes
  }

  mutating func propose(_ context: inout ProposalContext) -> Genome? {
    if context.number >= samplingCount, survivors.individuals.count >= 2,
      let genome = offspring.genome(of: survivors, &context)
    {
      return genome
    }
    return sampling.genome(&context)
  }

  mutating func observe(_ individual: Individual) { survivors.insert(individual) }
}
