import EvolutionarySearch
import SearchBenchmarks
import SparsityCore
import Testing

/// What searches are compared on.
struct SearchLandscapeTests {
  private static func uniform(_ gene: Int, of landscape: SearchLandscape) -> Genome {
    Genome(uniform: gene, count: landscape.choiceCounts.count)
  }

  @Test func `uniform genomes of DeiT-Tiny lose what was measured, about`() {
    let landscape = SearchLandscape(.deitTiny, seed: 1)
    // 450 images, reconstruction: 376, 361, 288 and 10 are right.
    for (gene, measured, tolerance) in [(3, 0.836, 0.001), (2, 0.802, 0.04), (1, 0.640, 0.03)] {
      let accuracy = landscape.accuracy(of: Self.uniform(gene, of: landscape))
      #expect(abs(accuracy - measured) < tolerance, "\(gene): \(accuracy)")
    }
    #expect(landscape.accuracy(of: Self.uniform(0, of: landscape)) < 0.35)
    let (dense, half) = (Self.uniform(3, of: landscape), Self.uniform(1, of: landscape))
    #expect(landscape.throughput(of: half) > 1.5 * landscape.throughput(of: dense))
  }

  @Test(arguments: SearchLandscape.Kind.allCases)
  func `what is measured scatters around what is known`(kind: SearchLandscape.Kind) {
    let landscape = SearchLandscape(kind, imageCount: 4_000, seed: 3)
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<10 {
      let genome = Genome(
        genes: landscape.choiceCounts.map { UInt8(1 + generator.index(below: $0 - 1)) })
      let measured = landscape.measure(genome)
      let accuracy = landscape.accuracy(of: genome)
      let correct = measured.reduce(0) { $0 + $1.correct.populationCount }
      #expect(measured.map(\.correct.count) == landscape.sliceSizes)
      #expect(abs(Double(correct) / 4_000 - accuracy) < 0.03)
      #expect(landscape.measure(genome) == measured, "noise belongs to the genome")
    }
  }

  @Test func `more genes are the same layers again, each of which loses less`() {
    let (small, large) = (
      SearchLandscape(.additive, seed: 1), SearchLandscape(.additive, geneCount: 96, seed: 1)
    )
    #expect(large.choiceCounts.count == 96)
    let accuracies = [small, large].map { $0.accuracy(of: Self.uniform(1, of: $0)) }
    #expect(abs(accuracies[0] - accuracies[1]) < 1e-9)
  }

  @Test(arguments: SearchLandscape.Kind.allCases)
  func `a search that learns is ahead of evolution, which is ahead of chance`(
    kind: SearchLandscape.Kind
  ) throws {
    func share(
      _ name: SearchAlgorithmName, tellsLosses: Bool = true, stopsEarly: Bool = false
    ) throws -> Double {
      let shares = try (UInt64(1)...3).map { seed in
        let benchmark = SearchBenchmark(
          problem: SearchLandscape(kind, seed: seed), tellsLosses: tellsLosses,
          stopsEarly: stopsEarly)
        return try benchmark.run(.algorithm(name), evaluations: 100, seed: seed).share
      }
      return shares.sorted()[1]
    }
    let (learned, evolved, random) = (
      try share(.bayesian), try share(.nsga2), try share(.random)
    )
    #expect(learned > evolved + 0.03 && evolved > random, "\(learned) \(evolved) \(random)")
    #expect(learned > 0.8 && learned < 1)
    let withoutLosses = try share(.bayesian, tellsLosses: false)
    #expect(withoutLosses > evolved, "\(withoutLosses) \(evolved)")
    let stopped = try (share(.nsga2, stopsEarly: true), share(.bayesian, stopsEarly: true))
    #expect(stopped.0 > evolved - 0.02 && stopped.1 > learned - 0.02, "\(stopped)")
  }

  @Test func `greedy needs every single change before it has anything to show`() throws {
    let benchmark = SearchBenchmark(
      problem: SearchLandscape(.deitTiny, seed: 1), tellsLosses: true, stopsEarly: false)
    let shares = try [100, 300].map {
      try benchmark.run(.greedy, evaluations: $0, seed: 1).share
    }
    #expect(shares[0] < 0.1)
    #expect(shares[1] > 0.9 && shares[1] <= 1)
  }
}
