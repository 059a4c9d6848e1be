import SparsityCore

/// Turns an infeasible genome into a feasible one near it by changing one gene at a time.
package struct DescentRepair: Sendable {
  /// The number of choices of each gene.
  package let choiceCounts: [Int]
  /// The most passes over all genes.
  static let passCountMax = 4

  /// Creates the search operator.
  package init(choiceCounts: [Int]) {
    self.choiceCounts = choiceCounts
  }

  /// Changes genes in random order, keeping each change that lessens the violation, until the
  /// genome is feasible; returns whether it is.
  package func repair(
    _ genome: inout Genome, using generator: inout SeededGenerator,
    violation: (Genome) -> Double
  ) -> Bool {
    var least = violation(genome)
    for _ in 0..<Self.passCountMax {
      if least <= 0 { return true }
      let before = least
      for gene in generator.permutation(of: choiceCounts.count) where choiceCounts[gene] > 1 {
        let original = genome.genes[gene]
        let start = generator.index(below: choiceCounts[gene])
        for step in 0..<choiceCounts[gene] {
          let choice = UInt8((start + step) % choiceCounts[gene])
          let kept = genome.genes[gene]
          guard choice != original else { continue }
          genome.genes[gene] = choice
          let changed = violation(genome)
          if changed <= 0 { return true }
          if changed < least {
            least = changed
            break
          }
          genome.genes[gene] = kept
        }
      }
      if !(least < before) { return false }
    }
    return least <= 0
  }
}
