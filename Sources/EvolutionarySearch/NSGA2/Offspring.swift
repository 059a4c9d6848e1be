import SparsityCore

/// The search operators that make a child of a population: each gives a new feasible genome or
/// gives up.
struct Offspring: Sendable {
  private let space: ChoiceSpace
  private let selection = BinaryTournament()
  private let crossover: UniformCrossover
  private let mutation: ChoiceMutation
  private let repair: DescentRepair

  /// The children that are tried for one proposal.
  private static let triesMax = 32

  /// Creates the search operators.
  init(space: ChoiceSpace, settings: SearchSettings) {
    self.space = space
    crossover = UniformCrossover(probability: settings.crossoverProbability)
    mutation = ChoiceMutation(
      choiceCounts: space.choiceCounts,
      probability: settings.mutationProbability ?? 0.5 / Double(space.geneCount))
    repair = DescentRepair(choiceCounts: space.choiceCounts)
  }

  /// Returns a new feasible child of the population, or `nil` after a bounded number of tries.
  ///
  /// Mutation grows with each try, so that a population that has converged still finds new genomes.
  func genome(of population: RankedPopulation, _ context: inout ProposalContext) -> Genome? {
    let violation = context.costs.violation
    for attempt in 0..<Self.triesMax {
      let parents = selection.parents(in: population, using: &context.generator)
      var child = crossover.child(
        of: space.compact(population.individuals[parents.0].genome),
        space.compact(population.individuals[parents.1].genome), using: &context.generator)
      mutation.mutate(&child, strength: 1 + Double(attempt) / 4, using: &context.generator)
      if context.isKnown(space.expand(child)) { continue }
      let isFeasible = repair.repair(&child, using: &context.generator) {
        violation(space.expand($0))
      }
      if !isFeasible { continue }
      let genome = space.expand(child)
      if !context.isKnown(genome) { return genome }
    }
    return nil
  }
}
