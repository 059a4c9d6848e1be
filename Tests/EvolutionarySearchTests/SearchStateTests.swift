import EvolutionarySearch
import SparsityCore
import Testing

struct SearchStateTests {
  private static let problem = ToyProblem.layerSparsity(layerCount: 12, levelCount: 3, seed: 2)

  private static func limit(_ genome: Genome) -> Double {
    Double(genome.genes.reduce(0) { $0 + Int($1) }) - 18
  }

  private static func settings(_ algorithm: SearchAlgorithmName, seed: UInt64) -> SearchSettings {
    var settings = SearchTests.settings(
      population: seed % 3 == 0 ? 60 : 8, evaluations: 600, seed: seed, algorithm: algorithm,
      objectives: 2 + Int(seed % 2),
      initial: uniformGenomes(of: problem.choiceCounts))
    if seed % 4 == 1 {
      settings.allowedChoices = (0..<12).map { $0 % 5 == 0 ? [0, 2] : [0, 1, 2] }
      settings.initial = []
    }
    return settings
  }

  /// A step of a search; what it says depends on the search and on the generator alone.
  private static func step(
    _ search: inout Search, using generator: inout SeededGenerator
  ) throws -> [String] {
    let outstanding = search.outstanding
    if outstanding.count < 6, let candidate = search.ask(violation: limit) {
      return ["proposed \(candidate)"]
    }
    guard !outstanding.isEmpty else { return [] }
    let candidate = outstanding[generator.index(below: outstanding.count)]
    if generator.index(below: 20) == 0 {
      try search.quarantine(candidate.id)
      return ["quarantined \(candidate.id)"]
    }
    var objectives = problem.objectives(candidate.genome)
    if search.settings.objectiveCount > 2 { objectives.append(Double(candidate.id.rawValue % 7)) }
    let violation = generator.index(below: 10) == 0 ? 0.5 : 0
    let isOnFront = try search.tell(
      candidate.id, objectives: objectives, violation: violation)
    return ["told \(candidate.id) \(isOnFront)"]
  }

  private static func search(
    _ algorithm: SearchAlgorithmName, seed: UInt64, steps: Int
  ) throws -> (Search, SeededGenerator) {
    var search = try Search(
      choiceCounts: problem.choiceCounts, settings: settings(algorithm, seed: seed))
    var generator = SeededGenerator(seed: seed, stream: 1)
    for _ in 0..<steps { _ = try step(&search, using: &generator) }
    return (search, generator)
  }

  private static func restored(_ state: SearchState, like search: Search) throws -> Search {
    try Search(
      choiceCounts: problem.choiceCounts, settings: search.settings, restoring: state)
  }

  @Test(arguments: SearchAlgorithmName.allCases, UInt64(0)..<24)
  func `a restored search takes the same next 200 steps`(
    algorithm: SearchAlgorithmName, seed: UInt64
  ) throws {
    let steps = [0, 1, 2, 7, 40, 150, 333][Int(seed % 7)]
    var (original, generator) = try Self.search(algorithm, seed: seed, steps: steps)
    var restored = try Self.restored(try #require(original.state), like: original)
    #expect(restored.state == original.state)
    #expect(restored.settledPrefixCount == original.settledPrefixCount)
    var other = generator
    for _ in 0..<200 {
      let expected = try Self.step(&original, using: &generator)
      let found = try Self.step(&restored, using: &other)
      #expect(found == expected)
      #expect(restored.settledPrefixCount == original.settledPrefixCount)
    }
    #expect(restored.state == original.state)
  }

  @Test func `a state does not change with the search that it was taken from`() throws {
    var (search, generator) = try Self.search(.nsga2, seed: 3, steps: 100)
    let state = try #require(search.state)
    let copy = state
    for _ in 0..<100 { _ = try Self.step(&search, using: &generator) }
    #expect(state == copy)
    #expect(try Self.restored(state, like: search).proposalCount == state.proposalCount)
    #expect(search.proposalCount > state.proposalCount)
  }

  @Test func `the order of the population is part of the state`() throws {
    let (search, _) = try Self.search(.nsga2, seed: 3, steps: 200)
    var state = try #require(search.state)
    let individualSize = (state.algorithm.count - 9) / search.population.count
    for index in 9..<9 + individualSize {
      state.algorithm.swapAt(index, index + individualSize)
    }
    let restored = try Self.restored(state, like: search)
    #expect(restored.state != search.state)
    #expect(Set(restored.population) == Set(search.population))
  }

  private struct Damage: Sendable {
    let name: String
    let change: @Sendable (inout SearchState) -> Void

    init(_ name: String, _ change: @escaping @Sendable (inout SearchState) -> Void) {
      self.name = name
      self.change = change
    }
  }

  /// Changes that no search could have brought about.
  private static let damages: [Damage] = [
    Damage("a proposal too many", { $0.proposalCount += 1 }),
    Damage("an evaluation too many", { $0.evaluationCount += 1 }),
    Damage("a negative count", { $0.quarantinedCount = -1 }),
    Damage("counts beyond all numbers", { $0.evaluationCount = .max }),
    Damage("no state of the algorithm", { $0.algorithm = [] }),
    Damage("a state of the algorithm of another version", { $0.algorithm[0] = 9 }),
    Damage("a survivor too few", { $0.algorithm.removeLast(44) }),
    Damage("a survivor too many", { fill(&$0, 9_000..<9_044, with: 1) }),
    Damage("survivors without end", { fill(&$0, 1..<9, with: 255) }),
    Damage("a survivor twice", { repeatSurvivor(&$0) }),
    Damage("a survivor from nowhere", { $0.algorithm[10] = 39 }),
    Damage("a survivor of another space", { $0.algorithm[17] = 3 }),
    Damage("a survivor that was never proposed", { fill(&$0, 17..<29, with: 2) }),
    Damage("a survivor whose objective is no number", { fill(&$0, 29..<37, with: 255) }),
    Damage(
      "an individual of other objectives", { $0.archive[0] = changed($0.archive[0], count: 1) }),
    Damage("an archive out of order", { $0.archive.reverse() }),
    Damage("an archive with a dominated one", { $0.archive.append(worse(than: $0.archive)) }),
    Damage("an infeasible archive", { $0.archive[0] = changed($0.archive[0], violation: 1) }),
    Damage("a candidate waiting twice", { $0.waiting[0] = $0.waiting[1] }),
    Damage("a candidate too few", { $0.waiting.removeLast() }),
    Damage(
      "a candidate that waits and is told",
      { (state: inout SearchState) in
        state.waiting[0] = Candidate(id: state.archive[0].id, genome: state.archive[0].genome)
      }
    ),
    Damage(
      "a genome forgotten",
      { (state: inout SearchState) in
        var known = GenomeCodes()
        for index in 0..<state.known.count - 1 { known.append(state.known[index]) }
        state.known = known
      }
    ),
    Damage(
      "a genome known twice",
      { (state: inout SearchState) in
        var known = GenomeCodes()
        for index in 0..<state.known.count - 1 { known.append(state.known[index]) }
        known.append(state.known[0])
        state.known = known
      }
    ),
    Damage(
      "a genome outside the space",
      { (state: inout SearchState) in
        var known = GenomeCodes()
        for index in 0..<state.known.count - 1 { known.append(state.known[index]) }
        known.append(GenomeCode(high: 1))
        state.known = known
      }
    ),
  ]

  /// Overwrites bytes of the algorithm's state, or adds some behind them.
  private static func fill(_ state: inout SearchState, _ range: Range<Int>, with byte: UInt8) {
    for index in range {
      if index < state.algorithm.count {
        state.algorithm[index] = byte
      } else {
        state.algorithm.append(byte)
      }
    }
  }

  /// Writes the second survivor over the first.
  private static func repeatSurvivor(_ state: inout SearchState) {
    for index in 9..<53 { state.algorithm[index] = state.algorithm[index + 44] }
  }

  private static func changed(
    _ individual: Individual, id: Int? = nil, gene: UInt8? = nil, count: Int? = nil,
    violation: Double = 0
  ) -> Individual {
    var genome = individual.genome
    if let gene { genome = Genome(genes: genome.genes.map { _ in gene }) }
    return Individual(
      id: id.map { CandidateID($0) } ?? individual.id, genome: genome,
      objectives: count.map { Array(repeating: 0, count: $0) } ?? individual.objectives,
      violation: violation)
  }

  private static func worse(than archive: [Individual]) -> Individual {
    let last = archive[archive.count - 1]
    return Individual(
      id: CandidateID(0), genome: last.genome, objectives: last.objectives.map { $0 + 1 })
  }

  @Test(arguments: damages.indices)
  func `a state that cannot be is refused with a diagnostic`(index: Int) throws {
    let damage = Self.damages[index]
    // Without initial genomes the uniform ones are not proposed.
    var settings = Self.settings(.nsga2, seed: 2)
    settings.initial = []
    var search = try Search(choiceCounts: Self.problem.choiceCounts, settings: settings)
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<120 { _ = try Self.step(&search, using: &generator) }
    var state = try #require(search.state)
    try #require(state.archive.count > 1 && state.waiting.count > 1)
    // A version, the number of survivors, and 44 bytes each: number, genes, objectives, violation.
    try #require(search.population.count > 1)
    try #require(state.algorithm.count == 9 + search.population.count * 44)
    damage.change(&state)
    let error = #expect(throws: SearchError.self) {
      try Self.restored(state, like: search)
    }
    guard case .stateDoesNotFit(let diagnostic) = error else {
      Issue.record("\(damage.name): \(String(describing: error))")
      return
    }
    #expect(!diagnostic.isEmpty)
  }

  @Test func `codes come back in the order in which they went in, and copies stay as they are`() {
    var codes = GenomeCodes()
    for number in 0..<40_000 { codes.append(GenomeCode(high: 1, low: UInt64(number))) }
    let copy = codes
    codes.append(GenomeCode())
    #expect(copy.count == 40_000)
    #expect(codes.count == 40_001)
    var next: UInt64 = 0
    copy.forEach { code in
      #expect(code == GenomeCode(high: 1, low: next))
      next += 1
    }
    #expect(copy[20_000] == GenomeCode(high: 1, low: 20_000))
  }
}
