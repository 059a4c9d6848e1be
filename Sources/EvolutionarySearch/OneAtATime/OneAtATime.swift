import SparsityCore

/// Changes one decision at a time: the genome of all last choices first, then each other choice of
/// each gene alone, the ones next to the last first. It says what each choice loses by itself, and
/// ends when all is said.
struct OneAtATime: SearchAlgorithm {
  private static let stateVersion: UInt8 = 1
  private let space: ChoiceSpace
  /// The genomes in order, compact.
  private let genomes: [Genome]
  /// The genomes before this one are known or infeasible.
  private var next = 0

  init(space: ChoiceSpace, settings: SearchSettings) {
    self.space = space
    let last = Genome(genes: space.choiceCounts.map { UInt8($0 - 1) })
    var genomes = [last]
    for (gene, count) in space.choiceCounts.enumerated() {
      for choice in (0..<count - 1).reversed() {
        var genome = last
        genome.genes[gene] = UInt8(choice)
        genomes.append(genome)
      }
    }
    self.genomes = genomes
  }

  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError) {
    self.init(space: space, settings: settings)
    let reader = try StateReader(
      stateBytes, of: SearchAlgorithmName.oneAtATime, version: Self.stateVersion)
    try reader.finish()
  }

  var stateBytes: [UInt8] { StateWriter(version: Self.stateVersion).bytes }

  mutating func propose(_ context: inout ProposalContext) -> Genome? {
    while next < genomes.count {
      let genome = space.expand(genomes[next])
      if !context.isKnown(genome), context.costs.violation(genome) <= 0 { return genome }
      next += 1
    }
    return nil
  }

  mutating func observe(_ individual: Individual) {}
}
