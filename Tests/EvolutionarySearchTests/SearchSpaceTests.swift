import EvolutionarySearch
import SparsityCore
import Testing

/// Exhaustion, constraints and the spread of samples.
struct SearchSpaceTests {
  @Test(arguments: [[3, 2, 2], [1], [1, 5, 1], [2, 2, 2, 2, 2, 2, 2, 2, 2, 2], [256, 3]])
  func `a small space is asked to its last genome`(counts: [Int]) throws {
    let genomeCount = counts.reduce(1, *)
    for algorithm in SearchAlgorithmName.unbounded {
      var search = try Search(
        choiceCounts: counts,
        settings: SearchTests.settings(
          population: 5, evaluations: genomeCount + 10, algorithm: algorithm))
      var seen: Set<Genome> = []
      while let candidate = search.ask() {
        seen.insert(candidate.genome)
        let sum = candidate.genome.genes.reduce(0) { $0 + Double($1) }
        if candidate.id.rawValue % 4 != 1 {
          try search.tell(candidate.id, objectives: [sum, -sum])
        }
      }
      #expect(seen.count == genomeCount)
      #expect(search.proposalCount == genomeCount)
    }
  }

  @Test func `a small space is asked to its last feasible genome`() throws {
    var search = try Search(
      choiceCounts: [4, 4, 4], settings: SearchTests.settings(evaluations: 64))
    let asked = SearchTests.drained(&search) { genome in
      genome.genes.reduce(0) { $0 + Double($1) } == 4 ? -1 : 1
    }
    // Twelve of the 64 sums of three digits 0…3 are 4.
    #expect(asked.count == 12)
  }

  @Test(arguments: SearchAlgorithmName.unbounded, [5.0, 20.0, 60.0])
  func `only genomes that meet the constraint are asked`(
    algorithm: SearchAlgorithmName, limit: Double
  ) throws {
    let problem = ToyProblem.layerSparsity(layerCount: 48, levelCount: 3, seed: 1)
    func violation(_ genome: Genome) -> Double {
      genome.genes.reduce(0) { $0 + Double($1) } - limit
    }
    var search = try Search(
      choiceCounts: problem.choiceCounts,
      settings: SearchTests.settings(
        evaluations: 300, algorithm: algorithm,
        initial: uniformGenomes(of: problem.choiceCounts)))
    while let candidate = search.ask(violation: violation) {
      #expect(violation(candidate.genome) <= 0)
      try search.tell(candidate.id, objectives: problem.objectives(candidate.genome))
    }
    #expect(search.evaluationCount == 300)
  }

  @Test(arguments: [5.0, 20.0, 60.0])
  func `an objective that the constraint bounds reaches the bound`(limit: Double) throws {
    func sum(_ genome: Genome) -> Double { genome.genes.reduce(0) { $0 + Double($1) } }
    var search = try Search(
      choiceCounts: Array(repeating: 3, count: 48),
      settings: SearchTests.settings(evaluations: 300, objectives: 1))
    while let candidate = search.ask(violation: { sum($0) - limit }) {
      try search.tell(candidate.id, objectives: [-sum(candidate.genome)])
    }
    #expect(search.archive.individuals.map(\.objectives) == [[-limit]])
  }

  @Test func `an equality that no sample meets is met by repair`() throws {
    var search = try Search(
      choiceCounts: Array(repeating: 4, count: 40),
      settings: SearchTests.settings(evaluations: 50))
    let asked = SearchTests.drained(&search) { genome in
      abs(genome.genes.reduce(0) { $0 + Double($1) } - 7)
    }
    #expect(asked.count == 50)
  }

  @Test(arguments: [1, .nan, .infinity])
  func `constraints that nothing meets end the search`(violation: Double) throws {
    for counts in [[3, 3], Array(repeating: 3, count: 48)] {
      var search = try Search(choiceCounts: counts, settings: SearchTests.settings())
      let calls = Counter()
      let asked = search.ask { _ in
        calls.value += 1
        return violation
      }
      #expect(asked == nil)
      #expect((1...20_000).contains(calls.value))
    }
  }

  @Test(arguments: UInt64(0)..<5)
  func `samples spread over the whole range of totals`(seed: UInt64) throws {
    let counts = Array(repeating: 3, count: 48)
    var search = try Search(
      choiceCounts: counts,
      settings: SearchTests.settings(evaluations: 200, seed: seed, algorithm: .random))
    var tenths = [Int](repeating: 0, count: 10)
    var choices = [Int](repeating: 0, count: 3)
    for candidate in SearchTests.drained(&search) {
      let total = candidate.genome.genes.reduce(0) { $0 + Int($1) }
      tenths[min(9, total * 10 / 96)] += 1
      for gene in candidate.genome.genes { choices[Int(gene)] += 1 }
    }
    // Independent fair genes would leave six of the tenths empty.
    #expect(tenths.allSatisfy { $0 >= 8 }, "\(tenths)")
    #expect(choices.allSatisfy { $0 > 200 * 48 / 10 }, "\(choices)")
  }

  @Test func `every choice of every gene is sampled`() throws {
    let counts = [2, 7, 3, 1, 16]
    var search = try Search(
      choiceCounts: counts,
      settings: SearchTests.settings(evaluations: 400, algorithm: .random))
    let asked = SearchTests.drained(&search).map(\.genome.genes)
    for (gene, count) in counts.enumerated() {
      #expect(Set(asked.map { $0[gene] }) == Set((0..<count).map { UInt8($0) }))
    }
  }
}

/// A counter that a closure can capture.
private final class Counter {
  var value = 0
}
