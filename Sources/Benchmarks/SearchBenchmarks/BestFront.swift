import SparsityCore

/// The best front of a landscape that is found when nothing is measured with noise: for many
/// exchange rates between loss and cycles, descent gene by gene to where no change helps.
struct BestFront {
  /// The genomes, of which some may be dominated.
  let genomes: [Genome]

  /// The exchange rates, from one that buys nothing to one that buys everything.
  private static let rateCount = 240
  /// The passes over all genes.
  private static let passCountMax = 8

  init(_ landscape: SearchLandscape) {
    let scale =
      landscape.effects.reduce(0) { $0 + $1[0] }
      / Double(
        landscape.cycles.reduce(0) { $0 + ($1.last ?? 0) - $1[0] })
    var genome = landscape.dense
    var found: [Genome] = [genome]
    for step in 0..<Self.rateCount {
      // From a thousandth of the mean price on, up to a thousand times it.
      var rate = scale / 1_000
      for _ in 0..<step { rate *= 1.06 }
      func price(_ genome: Genome) -> Double {
        landscape.root(of: genome) + rate * Double(landscape.cycles(of: genome))
      }
      var current = price(genome)
      for _ in 0..<Self.passCountMax {
        let before = current
        for gene in genome.genes.indices {
          for choice in landscape.effects[gene].indices where genome.genes[gene] != UInt8(choice) {
            var changed = genome
            changed.genes[gene] = UInt8(choice)
            let other = price(changed)
            if other < current {
              genome = changed
              current = other
              found.append(genome)
            }
          }
        }
        if current == before { break }
      }
      found.append(genome)
    }
    genomes = found
  }
}
