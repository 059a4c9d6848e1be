import EvolutionarySearch
import SparsityCore
import Testing

struct AllowedChoicesTests {
  private static func settings(
    _ allowed: [[UInt8]]?, evaluations: Int, algorithm: SearchAlgorithmName = .nsga2
  ) -> SearchSettings {
    SearchSettings(
      populationSize: 8, evaluationCountMax: evaluations, seed: 11, algorithm: algorithm,
      objectiveCount: 2, initial: [], allowedChoices: allowed)
  }

  /// Runs a search to its end and returns the genomes that were proposed.
  private static func genomes(_ search: inout Search) throws -> [Genome] {
    var genomes: [Genome] = []
    while let candidate = search.ask() {
      genomes.append(candidate.genome)
      let sum = candidate.genome.genes.reduce(0) { $0 + Double($1) }
      try search.tell(candidate.id, objectives: [sum, -sum])
    }
    return genomes
  }

  @Test(arguments: SearchAlgorithmName.unbounded)
  func `no candidate makes a choice that is left out, and all others are made`(
    algorithm: SearchAlgorithmName
  ) throws {
    let allowed: [[UInt8]] =
      [[0, 2], [1], [0, 1, 2, 3], [3]] + Array(repeating: [1, 3], count: 6)
    var search = try Search(
      choiceCounts: Array(repeating: 4, count: 10),
      settings: Self.settings(allowed, evaluations: 300, algorithm: algorithm))
    let genomes = try Self.genomes(&search)
    #expect(genomes.count == 300)
    for (gene, choices) in allowed.enumerated() {
      #expect(Set(genomes.map { $0.genes[gene] }) == Set(choices))
    }
  }

  @Test func `a space of few allowed genomes is exhausted`() throws {
    var search = try Search(
      choiceCounts: [4, 4, 4], settings: Self.settings([[0, 3], [2], [1, 2]], evaluations: 50))
    let genomes = try Self.genomes(&search)
    #expect(Set(genomes.map(\.genes)) == [[0, 2, 1], [0, 2, 2], [3, 2, 1], [3, 2, 2]])
    #expect(genomes.count == 4)
  }

  @Test func `constraints see the choices of the whole space`() throws {
    let allowed = Array(repeating: [UInt8(0), 3], count: 12)
    var search = try Search(
      choiceCounts: Array(repeating: 4, count: 12),
      settings: Self.settings(allowed, evaluations: 60))
    func total(_ genome: Genome) -> Double { genome.genes.reduce(0) { $0 + Double($1) } }
    var count = 0
    while let candidate = search.ask(violation: { total($0) - 18 }) {
      #expect(total(candidate.genome) <= 18)
      try search.tell(candidate.id, objectives: [total(candidate.genome), 0])
      count += 1
    }
    #expect(count == 60)
  }

  @Test func `allowing everything gives the candidates of a search without the setting`() throws {
    let all = Array(repeating: [UInt8(0), 1, 2], count: 8)
    let counts = Array(repeating: 3, count: 8)
    var plain = try Search(choiceCounts: counts, settings: Self.settings(nil, evaluations: 80))
    var allowed = try Search(choiceCounts: counts, settings: Self.settings(all, evaluations: 80))
    let expected = try Self.genomes(&plain)
    #expect(try Self.genomes(&allowed) == expected)
  }

  @Test func `a replayed genome that makes a choice left out is refused`() throws {
    var search = try Search(
      choiceCounts: [2, 2], settings: Self.settings([[0], [0, 1]], evaluations: 3))
    let stranger = Candidate(id: CandidateID(0), genome: Genome(genes: [1, 0]))
    #expect(throws: SearchError.adoptedGenomeOutsideSpace(id: CandidateID(0))) {
      try search.adopt(stranger)
    }
  }

  @Test func `allowed choices that fit no space are refused`() {
    func refusal(_ allowed: [[UInt8]]) -> SearchError? {
      #expect(throws: SearchError.self) {
        try Search(choiceCounts: [2, 3], settings: Self.settings(allowed, evaluations: 3))
      }
    }
    #expect(refusal([[0]]) == .allowedChoiceCount(genes: 1, expected: 2))
    #expect(refusal([[0], []]) == .noAllowedChoices(gene: 1))
    #expect(refusal([[0, 2], [1]]) == .noAllowedChoices(gene: 0))
    #expect(refusal([[0], [2, 1]]) == .noAllowedChoices(gene: 1))
  }
}
