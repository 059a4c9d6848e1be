import SparsityCore

/// The operators of a search, put together: each gives a new feasible genome or gives up.
struct Operators: Sendable {
  private let space: ChoiceSpace
  private let sampling: Sampling
  private let selection = BinaryTournament()
  private let crossover: UniformCrossover
  private let mutation: ChoiceMutation
  private let repair: DescentRepair

  /// The children that are tried for one birth.
  private static let offspringTriesMax = 32
  /// The samples that are tried for one birth.
  private static let samplingTriesMax = 16
  /// The first of them, which are dropped instead of repaired when they are infeasible.
  ///
  /// Repair stops at the first feasible genome, so repaired samples crowd at the constraint.
  private static let unrepairedTriesMax = 4

  /// Creates the operators of a search.
  init(space: ChoiceSpace, settings: SearchSettings) {
    self.space = space
    sampling = Sampling(choiceCounts: space.choiceCounts, seed: settings.seed)
    crossover = UniformCrossover(probability: settings.crossoverProbability)
    mutation = ChoiceMutation(
      choiceCounts: space.choiceCounts,
      probability: settings.mutationProbability ?? 0.5 / Double(space.geneCount))
    repair = DescentRepair(choiceCounts: space.choiceCounts)
  }

  /// Returns a new feasible child of the population, or `nil` after a bounded number of tries.
  ///
  /// Mutation grows with each try, so that a population that has converged still finds new genomes.
  func offspring(
    of population: RankedPopulation, known: KnownGenomes, using generator: inout SeededGenerator,
    violation: (Genome) -> Double
  ) -> Genome? {
    for attempt in 0..<Self.offspringTriesMax {
      let parents = selection.parents(in: population, using: &generator)
      var child = crossover.child(
        of: space.compact(population.individuals[parents.0].genome),
        space.compact(population.individuals[parents.1].genome), using: &generator)
      mutation.mutate(&child, strength: 1 + Double(attempt) / 4, using: &generator)
      if known.contains(space.expand(child)) { continue }
      let isFeasible = repair.repair(&child, using: &generator) { violation(space.expand($0)) }
      if !isFeasible { continue }
      let genome = space.expand(child)
      if !known.contains(genome) { return genome }
    }
    return nil
  }

  /// Returns a new feasible sample, or `nil` after a bounded number of tries.
  func sample(
    number: Int, known: KnownGenomes, using generator: inout SeededGenerator,
    violation: (Genome) -> Double
  ) -> Genome? {
    for attempt in 0..<Self.samplingTriesMax {
      let bias = attempt == 0 ? sampling.bias(of: number) : generator.unitInterval()
      var sample = sampling.genome(bias: bias, using: &generator)
      if known.contains(space.expand(sample)) { continue }
      let isFeasible =
        attempt < Self.unrepairedTriesMax
        ? violation(space.expand(sample)) <= 0
        : repair.repair(&sample, using: &generator) { violation(space.expand($0)) }
      let genome = space.expand(sample)
      if isFeasible, !known.contains(genome) { return genome }
    }
    return nil
  }

  /// Returns the next new feasible genome after a random place, or `nil` if there is none or the
  /// space is too large to walk through.
  func enumerated(
    known: KnownGenomes, using generator: inout SeededGenerator, violation: (Genome) -> Double
  ) -> Genome? {
    guard let count = space.enumerableCount else { return nil }
    let start = generator.index(below: count)
    for step in 0..<count {
      let genome = space.expand(space.genome(at: (start + step) % count))
      if !known.contains(genome), violation(genome) <= 0 { return genome }
    }
    return nil
  }
}
