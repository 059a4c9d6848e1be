import EvolutionarySearch
import SparsityCore
import Testing

struct KnownGenomesTests {
  @Test func `every genome of a small space has a place of its own`() {
    var known = KnownGenomes(choiceCounts: [3, 1, 4, 2])
    #expect(known.isExact)
    for number in 0..<24 {
      let genes = [number / 8, 0, number / 2 % 4, number % 2].map { UInt8($0) }
      let genome = Genome(genes: genes)
      #expect(!known.contains(genome))
      known.insert(genome)
      #expect(known.contains(genome))
      #expect(known.count == number + 1)
    }
  }

  @Test func `a space of up to 128 bits is kept exactly, a larger one by fingerprints`() {
    #expect(KnownGenomes(choiceCounts: Array(repeating: 6, count: 48)).isExact)
    #expect(KnownGenomes(choiceCounts: Array(repeating: 2, count: 128)).isExact)
    #expect(!KnownGenomes(choiceCounts: Array(repeating: 2, count: 129)).isExact)
    #expect(KnownGenomes(choiceCounts: Array(repeating: 256, count: 16)).isExact)
    #expect(!KnownGenomes(choiceCounts: Array(repeating: 256, count: 16) + [2]).isExact)
  }

  @Test(arguments: [16, 48, 200])
  func `it says the same as a set of genomes`(geneCount: Int) {
    let counts = (0..<geneCount).map { 2 + $0 % 5 }
    var known = KnownGenomes(choiceCounts: counts)
    var genomes: Set<Genome> = []
    var generator = SeededGenerator(seed: 7)
    var last = Genome(uniform: 0, count: geneCount)
    for _ in 0..<5_000 {
      // Neighbours differ in one gene, as children do.
      let gene = generator.index(below: geneCount)
      last.genes[gene] = UInt8(generator.index(below: counts[gene]))
      #expect(known.contains(last) == genomes.contains(last))
      known.insert(last)
      genomes.insert(last)
    }
    #expect(known.count == genomes.count)
  }

  @Test func `a genome of another space was never proposed`() {
    var known = KnownGenomes(choiceCounts: [2, 2])
    known.insert(Genome(genes: [0, 1]))
    #expect(!known.contains(Genome(genes: [0, 2])))
    #expect(!known.contains(Genome(genes: [0])))
    #expect(!known.contains(Genome(genes: [0, 1, 0])))
  }
}
