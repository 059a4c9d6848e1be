import SparsityCore

/// Per-gene mutation: a gene changes to another of its choices, each equally likely.
package struct ChoiceMutation: Sendable {
  /// The number of choices of each gene.
  package let choiceCounts: [Int]
  /// The probability that a gene changes.
  package let probability: Double

  /// Creates the search operator.
  package init(choiceCounts: [Int], probability: Double) {
    precondition((0...1).contains(probability))
    self.choiceCounts = choiceCounts
    self.probability = probability
  }

  /// Changes genes of `genome`, each with ``probability`` × `strength`.
  package func mutate(
    _ genome: inout Genome, strength: Double, using generator: inout SeededGenerator
  ) {
    precondition(genome.genes.count == choiceCounts.count)
    precondition(strength >= 0)
    let probability = min(1, probability * strength)
    for gene in genome.genes.indices where generator.unitInterval() < probability {
      let count = choiceCounts[gene]
      guard count > 1 else { continue }
      let other = UInt8(generator.index(below: count - 1))
      genome.genes[gene] = other < genome.genes[gene] ? other : other + 1
    }
  }
}
