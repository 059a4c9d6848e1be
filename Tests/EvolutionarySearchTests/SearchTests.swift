import EvolutionarySearch
import SparsityCore
import Testing

struct SearchTests {
  static func settings(
    population: Int = 20, evaluations: Int = 200, seed: UInt64 = 1,
    algorithm: SearchAlgorithm = .nsga2, initial: [Genome] = []
  ) -> SearchSettings {
    SearchSettings(
      populationSize: population, evaluationCountMax: evaluations, seed: seed,
      algorithm: algorithm, objectiveCount: 2, initial: initial)
  }

  /// Two conflicting counts: the sum of the choices, and how many are above their neighbour.
  static func objectives(of genome: Genome) -> [Double] {
    let sum = genome.genes.reduce(0) { $0 + Int($1) }
    let loss = genome.genes.enumerated().reduce(0) { $0 + ($1.offset + 1) * (2 - Int($1.element)) }
    return [Double(sum), Double(loss)]
  }

  @Test func `candidates are numbered from zero and never repeated`() throws {
    var search = try Search(
      choiceCounts: Array(repeating: 3, count: 8), settings: Self.settings())
    var seen: Set<Genome> = []
    for number in 0..<200 {
      let asked = search.ask()
      let candidate = try #require(asked)
      #expect(candidate.id == CandidateID(number))
      #expect(seen.insert(candidate.genome).inserted)
      if number % 3 != 0 {
        try search.tell(candidate.id, objectives: Self.objectives(of: candidate.genome))
      }
    }
    let beyond = search.ask()
    #expect(beyond == nil)
    #expect(search.outstandingCount == 67)
    #expect(search.outstanding.map(\.id.rawValue) == Array(stride(from: 0, to: 200, by: 3)))
  }

  @Test func `initial genomes come first and only once`() throws {
    let counts = [3, 2, 3]
    let initial = SearchSettings.uniformGenomes(of: counts)
    #expect(initial.map(\.genes) == [[2, 1, 2], [1, 1, 1], [0, 0, 0]])
    var search = try Search(
      choiceCounts: counts, settings: Self.settings(initial: initial + initial))
    var asked: [Genome] = []
    while asked.count < 4, let candidate = search.ask() { asked.append(candidate.genome) }
    #expect(asked.count == 4)
    #expect(Array(asked.prefix(3)) == initial)
    #expect(!initial.contains(asked[3]))
  }
}
