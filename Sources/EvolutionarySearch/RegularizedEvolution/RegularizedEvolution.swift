import SparsityCore

/// Regularised evolution (Real et al. 2019): the oldest individual leaves, however good it is, and
/// the winner of a tournament has a mutated child.
///
/// Of several objectives, the tournament is won on the front of its members: by one of them at
/// random, so that no part of the front is preferred.
struct RegularizedEvolution: SearchAlgorithm {
  private static let stateVersion: UInt8 = 1
  /// The share of the population that takes part in a tournament: 25 of 100 in the paper.
  private static let tournamentShare = 4
  /// The children that are tried for one proposal.
  private static let triesMax = 32

  private let space: ChoiceSpace
  private let sizeMax: Int
  private let samplingCount: Int
  private let sampling: FeasibleSampling
  private let repair: DescentRepair
  /// In the order in which they were told.
  private(set) var population: [Individual] = []

  init(space: ChoiceSpace, settings: SearchSettings) {
    self.space = space
    sizeMax = settings.populationSize
    samplingCount = settings.samplingCount
    sampling = FeasibleSampling(space: space, settings: settings)
    repair = DescentRepair(choiceCounts: space.choiceCounts)
  }

  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError) {
    self.init(space: space, settings: settings)
    var reader = try StateReader(stateBytes, of: .regularizedEvolution, version: Self.stateVersion)
    population = try reader.individuals(
      countMax: sizeMax, geneCount: space.geneCount, objectiveCount: settings.objectiveCount)
    try reader.finish()
  }

  var stateBytes: [UInt8] {
    var writer = StateWriter(version: Self.stateVersion)
    writer.append(population)
    return writer.bytes
  }

  mutating func observe(_ individual: Individual) {
    population.append(individual)
    if population.count > sizeMax { population.removeFirst() }
  }

  mutating func propose(_ context: inout ProposalContext) -> Genome? {
    if context.number >= samplingCount, !population.isEmpty, let genome = child(&context) {
      return genome
    }
    return sampling.genome(&context)
  }

  /// Returns a new feasible genome that differs from the winner of a tournament in one gene, in
  /// more with every eighth try, or `nil`.
  private func child(_ context: inout ProposalContext) -> Genome? {
    let violation = context.costs.violation
    let changeable = space.choiceCounts.indices.filter { space.choiceCounts[$0] > 1 }
    for attempt in 0..<Self.triesMax {
      var child = space.compact(winner(using: &context.generator).genome)
      let order = context.generator.permutation(of: changeable.count)
      for place in order.prefix(1 + attempt / 8) {
        let gene = changeable[place]
        let other = UInt8(context.generator.index(below: space.choiceCounts[gene] - 1))
        child.genes[gene] = other < child.genes[gene] ? other : other + 1
      }
      if context.isKnown(space.expand(child)) { continue }
      let isFeasible = repair.repair(&child, using: &context.generator) {
        violation(space.expand($0))
      }
      let genome = space.expand(child)
      if isFeasible, !context.isKnown(genome) { return genome }
    }
    return nil
  }

  /// Returns the winner of a tournament.
  private func winner(using generator: inout SeededGenerator) -> Individual {
    let size = max(2, population.count / Self.tournamentShare)
    let members = generator.permutation(of: population.count).prefix(size).map { population[$0] }
    let ranks = nonDominatedRanks(of: members)
    let front = members.indices.filter { ranks[$0] == 0 }
    return members[front[generator.index(below: front.count)]]
  }
}
