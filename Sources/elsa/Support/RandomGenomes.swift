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
}
