import SparsityCore

/// ELSA's own evolution (arXiv 2409.09708), with its defects mended.
///
/// Generations of mutants and children of the best fifth, ranked by a sum of three terms; a table
/// of what candidates with each choice reached steers sampling, mutation and crossover. A
/// generation begins when the last candidate of the one before is being evaluated, with what is
/// known by then: nobody waits for stragglers, whose results count in the generation after.
struct ElsaPaper: SearchAlgorithm {
  private static let stateVersion: UInt8 = 1
  /// The tries of each kind for one proposal.
  private static let triesMax = 32
  /// ELSA's `m_prob` and `s_prob`.
  private static let mutationProbabilities = (own: 0.2, inverse: 0.4)

  private let space: ChoiceSpace
  /// The candidates before the first generation, and those of each.
  private let generationSize: Int
  private let sampling: ElsaSampling
  private let fallback: FeasibleSampling
  private var ranked: ElsaPopulation
  private var statistics: ChoiceStatistics

  init(space: ChoiceSpace, settings: SearchSettings) {
    self.space = space
    generationSize = settings.samplingCount
    sampling = ElsaSampling(space: space, settings: settings)
    fallback = FeasibleSampling(space: space, settings: settings)
    ranked = ElsaPopulation(settings: settings)
    statistics = ChoiceStatistics(choiceCounts: space.choiceCounts)
  }

  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError) {
    self.init(space: space, settings: settings)
    var reader = try StateReader(stateBytes, of: .elsaPaper, version: Self.stateVersion)
    ranked = try ElsaPopulation(
      settings: settings, geneCount: space.geneCount, reading: &reader)
    statistics = try ChoiceStatistics(choiceCounts: space.choiceCounts, reading: &reader)
    try reader.finish()
  }

  var population: [Individual] { ranked.individuals }

  var stateBytes: [UInt8] {
    var writer = StateWriter(version: Self.stateVersion)
    ranked.write(to: &writer)
    statistics.write(to: &writer)
    return writer.bytes
  }

  mutating func begin(_ candidate: Candidate) {
    if (candidate.id.rawValue + 1).isMultiple(of: generationSize) { ranked.rank() }
  }

  mutating func observe(_ individual: Individual) {
    ranked.add(individual)
    guard individual.isFeasible else { return }
    statistics.add(
      space.compact(individual.genome), accuracy: ranked.accuracy(of: individual),
      threshold: ranked.threshold)
  }

  // MARK: Proposals

  mutating func propose(_ context: inout ProposalContext) -> Genome? {
    let parents = Array(ranked.parents(ofGeneration: generationSize))
    if context.number >= generationSize, parents.count >= 2 {
      // The first half are mutants, half of them into costs that few parents have.
      let position = context.number % generationSize
      let mutants = generationSize / 2
      if position < mutants / 2, let genome = filler(of: parents, &context) { return genome }
      if position < mutants, let genome = mutant(of: parents, &context) { return genome }
      if let genome = child(of: parents, &context) { return genome }
      if let genome = mutant(of: parents, &context) { return genome }
    }
    return sampling.genome(statistics, accuracies: ranked.accuracies, &context)
      ?? fallback.genome(&context)
  }

  /// Returns the genome if it is new and feasible.
  private func accepted(_ compact: Genome, _ context: ProposalContext) -> Genome? {
    let genome = space.expand(compact)
    return context.isKnown(genome) || context.costs.violation(genome) > 0 ? nil : genome
  }

  /// Returns a parent moved towards costs that few parents have, or `nil` if there are no such.
  private func filler(of parents: [Individual], _ context: inout ProposalContext) -> Genome? {
    let binCount = ranked.binCount(of: space)
    // A cost of 1 belongs to the last bin.
    let bins = parents.map { min(binCount - 1, Int(ranked.cost(of: $0) * Double(binCount))) }
    let counts = (0..<binCount).map { bin in bins.count { $0 == bin } }
    let thin = counts.indices.filter { bin in
      counts[bin] * (binCount + 1) < parents.count
        && bins.contains { $0 != bin && 2 * abs($0 - bin) < max(2, binCount) }
    }
    guard !thin.isEmpty else { return nil }
    for _ in 0..<Self.triesMax {
      let target = thin[context.generator.index(below: thin.count)]
      let others = bins.indices.filter { bins[$0] != target }
      let parent = others[context.generator.index(below: others.count)]
      var genome = space.compact(parents[parent].genome)
      let isDenser = bins[parent] < target
      let movable = genome.genes.indices.filter { gene in
        let own = Int(genome.genes[gene])
        return statistics.isKept[gene].indices.contains {
          statistics.isKept[gene][$0] && (isDenser ? $0 > own : $0 < own)
        }
      }
      let order = context.generator.permutation(of: movable.count)
      for place in order.prefix(abs(bins[parent] - target)) {
        let gene = movable[place]
        let own = Int(genome.genes[gene])
        let choices = statistics.isKept[gene].indices.filter {
          statistics.isKept[gene][$0] && (isDenser ? $0 > own : $0 < own)
        }
        genome.genes[gene] = UInt8(choices[context.generator.index(below: choices.count)])
      }
      if let genome = accepted(genome, context) { return genome }
    }
    return nil
  }

  /// Returns a parent of which some genes were drawn anew, or `nil`.
  private func mutant(of parents: [Individual], _ context: inout ProposalContext) -> Genome? {
    // Parents that cost about the same mutate more.
    let spread = abs(ranked.cost(of: parents[0]) - ranked.cost(of: parents[parents.count - 1]))
    let own = (Self.mutationProbabilities.own + 1 - spread) / 2
    let inverse = (Self.mutationProbabilities.inverse + 1 - spread) / 2
    for _ in 0..<Self.triesMax {
      let parent = parents[context.generator.index(below: parents.count)]
      var genome = space.compact(parent.genome)
      for gene in genome.genes.indices {
        let chance = context.generator.unitInterval()
        let weights: [Double]
        if chance < own {
          weights = statistics.probabilities(ofGene: gene)
        } else if context.generator.unitInterval() < inverse {
          weights = statistics.inverseProbabilities(ofGene: gene)
        } else {
          continue
        }
        genome.genes[gene] = UInt8(context.generator.index(weights: weights))
      }
      if let genome = accepted(genome, context) { return genome }
    }
    return nil
  }

  /// Returns a child of two parents, or `nil`.
  private func child(of parents: [Individual], _ context: inout ProposalContext) -> Genome? {
    let chances = parents.map { ranked.chance(of: $0) }
    let table = space.choiceCounts.indices.map { statistics.probabilities(ofGene: $0) }
    for _ in 0..<Self.triesMax {
      let first = context.generator.index(weights: chances)
      var others = chances
      others[first] = 0
      let second = context.generator.index(weights: others)
      let pair = [first, second].map { space.compact(parents[$0].genome).genes }
      let genes = space.choiceCounts.indices.map { gene -> UInt8 in
        let weights = pair.map { table[gene][Int($0[gene])] }
        guard weights[0] + weights[1] > 0 else { return pair[0][gene] }
        return pair[context.generator.index(weights: weights)][gene]
      }
      if let genome = accepted(Genome(genes: genes), context) { return genome }
    }
    return nil
  }
}
