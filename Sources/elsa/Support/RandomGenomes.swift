import SparsityCore

extension SearchSpace {
  /// Draws genomes that keep about a share of the weights of some layers.
  ///
  /// Each decision takes each choice with equal probability; genomes further than `tolerance` from
  /// the density are drawn again.
  ///
  /// - Returns: `nil` if such genomes are too rare to be found by chance.
  func randomGenomes(
    count: Int, density: Double, of layers: [PrunableLayer], tolerance: Double = 0.02, seed: UInt64
  ) -> [Genome]? {
    var generator = SeededGenerator(seed: seed)
    var genomes: [Genome] = []
    var attemptsLeft = 1_000_000
    while genomes.count < count {
      guard attemptsLeft > 0 else { return nil }
      attemptsLeft -= 1
      let genome = Genome(genes: choiceCounts.map { UInt8(generator.index(below: $0)) })
      if abs(self.density(of: genome, layers: layers) - density) <= tolerance {
        genomes.append(genome)
      }
    }
    return genomes
  }

  /// Returns the share of the weights of some layers that a genome keeps.
  func density(of genome: Genome, layers: [PrunableLayer]) -> Double {
    var kept = 0
    var total = 0
    for (layer, pattern) in zip(layers, patterns(of: layers, in: genome)) {
      kept += layer.outputs * pattern.keptCount(ofInputs: layer.inputs)
      total += layer.outputs * layer.inputs
    }
    return Double(kept) / Double(total)
  }
}
