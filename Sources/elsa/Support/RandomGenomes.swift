import SparsityCore

extension SearchSpace {
  /// Draws genomes that keep about a share of all prunable weights.
  ///
  /// Each layer takes each pattern with equal probability; genomes further than `tolerance` from
  /// the density are drawn again.
  ///
  /// - Returns: `nil` if such genomes are too rare to be found by chance.
  func randomGenomes(
    count: Int, density: Double, tolerance: Double = 0.02, seed: UInt64
  ) -> [Genome]? {
    var generator = SeededGenerator(seed: seed)
    var genomes: [Genome] = []
    var attemptsLeft = 1_000_000
    while genomes.count < count {
      guard attemptsLeft > 0 else { return nil }
      attemptsLeft -= 1
      let genome = Genome(
        genes: layers.map { _ in UInt8(generator.index(below: patterns.count)) })
      if abs(self.density(of: genome) - density) <= tolerance { genomes.append(genome) }
    }
    return genomes
  }

  /// Returns the share of all prunable weights that a genome keeps.
  func density(of genome: Genome) -> Double {
    var kept = 0
    var total = 0
    for (layer, pattern) in zip(layers, patterns(of: genome)) {
      kept += layer.outputs * pattern.keptCount(ofInputs: layer.inputs)
      total += layer.outputs * layer.inputs
    }
    return Double(kept) / Double(total)
  }
}
