import SparsityCore

/// Uniform crossover: each gene of the child is either parent's with equal chance.
package struct UniformCrossover: Sendable {
  /// The probability that the child mixes both parents instead of copying the first.
  package let probability: Double

  /// Creates the search operator.
  package init(probability: Double) {
    precondition((0...1).contains(probability))
    self.probability = probability
  }

  /// Returns a child of two parents.
  package func child(
    of first: Genome, _ second: Genome, using generator: inout SeededGenerator
  ) -> Genome {
    precondition(first.genes.count == second.genes.count)
    guard generator.unitInterval() < probability else { return first }
    var child = first
    var bits: UInt64 = 0
    for gene in child.genes.indices {
      if gene % 64 == 0 { bits = generator.next() }
      if bits & 1 == 1 { child.genes[gene] = second.genes[gene] }
      bits >>= 1
    }
    return child
  }
}
