import EvolutionarySearch
import SparsityCore
import Testing

struct SearchStateTests {
  private static let problem = ToyProblem.layerSparsity(layerCount: 12, levelCount: 3, seed: 2)

  private static func limit(_ genome: Genome) -> Double {
    Double(genome.genes.reduce(0) { $0 + Int($1) }) - 18
  }

  private static func settings(_ algorithm: SearchAlgorithm, seed: UInt64) -> SearchSettings {
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
      return ["born \(candidate)"]
    }
    guard !outstanding.isEmpty else { return [] }
    let candidate = outstanding[generator.index(below: outstanding.count)]
    if generator.index(below: 20) == 0 {
      try search.abandon(candidate.id)
      return ["abandoned \(candidate.id)"]
    }
    var objectives = problem.objectives(candidate.genome)
    if search.settings.objectiveCount > 2 { objectives.append(Double(candidate.id.rawValue % 7)) }
    let violation = generator.index(below: 10) == 0 ? 0.5 : 0
    let isOnFront = try search.tell(
      candidate.id, objectives: objectives, violation: violation)
    return ["told \(candidate.id) \(isOnFront)"]
  }

  private static func search(
    _ algorithm: SearchAlgorithm, seed: UInt64, steps: Int
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

  @Test(arguments: SearchAlgorithm.allCases, UInt64(0)..<24)
  func `a restored search takes the same next 200 steps`(
    algorithm: SearchAlgorithm, seed: UInt64
  ) throws {
    let steps = [0, 1, 2, 7, 40, 150, 333][Int(seed % 7)]
    var (original, generator) = try Self.search(algorithm, seed: seed, steps: steps)
    var restored = try Self.restored(original.state, like: original)
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
    let state = search.state
    let copy = state
    for _ in 0..<100 { _ = try Self.step(&search, using: &generator) }
    #expect(state == copy)
    #expect(try Self.restored(state, like: search).birthCount == state.birthCount)
    #expect(search.birthCount > state.birthCount)
  }

  @Test func `the order of the population is part of the state`() throws {
    let (search, _) = try Self.search(.nsga2, seed: 3, steps: 200)
    var state = search.state
    state.population.swapAt(0, state.population.count - 1)
    #expect(try Self.restored(state, like: search).state != search.state)
  }

  /// Changes that no search could have brought about.
  private static let damages: [(String, @Sendable (inout SearchState) -> Void)] = [
    ("a birth too many", { $0.birthCount += 1 }),
    ("an evaluation too many", { $0.evaluationCount += 1 }),
    ("a negative count", { $0.abandonedCount = -1 }),
    ("counts beyond all numbers", { $0.evaluationCount = .max }),
    ("a survivor too few", { $0.population.removeLast() }),
    ("a survivor twice", { $0.population[0] = $0.population[1] }),
    ("a survivor from nowhere", { $0.population[0] = changed($0.population[0], id: 9_999) }),
    ("a survivor of another space", { $0.population[0] = changed($0.population[0], gene: 3) }),
    ("a survivor that was never born", { $0.population[0] = changed($0.population[0], gene: 2) }),
    ("a survivor of other objectives", { $0.population[0] = changed($0.population[0], count: 1) }),
    ("an archive out of order", { $0.archive.reverse() }),
    ("an archive with a dominated one", { $0.archive.append(worse(than: $0.archive)) }),
    ("an infeasible archive", { $0.archive[0] = changed($0.archive[0], violation: 1) }),
    ("a candidate waiting twice", { $0.waiting[0] = $0.waiting[1] }),
    ("a candidate too few", { $0.waiting.removeLast() }),
    (
      "a candidate that waits and is told",
      { state in
        state.waiting[0] = Candidate(
          id: state.population[0].id, genome: state.population[0].genome)
      }
    ),
    (
      "a genome forgotten",
      { state in
        var known = GenomeCodes()
        for index in 0..<state.known.count - 1 { known.append(state.known[index]) }
        state.known = known
      }
    ),
    (
      "a genome known twice",
      { state in
        var known = GenomeCodes()
        for index in 0..<state.known.count - 1 { known.append(state.known[index]) }
        known.append(state.known[0])
        state.known = known
      }
    ),
    (
      "a genome outside the space",
      { state in
        var known = GenomeCodes()
        for index in 0..<state.known.count - 1 { known.append(state.known[index]) }
        known.append(GenomeCode(high: 1))
        state.known = known
      }
    ),
  ]

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
  func `a state that cannot be is refused in words`(index: Int) throws {
    let (name, damage) = Self.damages[index]
    // Without initial genomes the uniform ones are not born.
    var settings = Self.settings(.nsga2, seed: 2)
    settings.initial = []
    var search = try Search(choiceCounts: Self.problem.choiceCounts, settings: settings)
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<120 { _ = try Self.step(&search, using: &generator) }
    var state = search.state
    try #require(state.archive.count > 1 && state.waiting.count > 1)
    damage(&state)
    let error = #expect(throws: SearchError.self) {
      try Self.restored(state, like: search)
    }
    guard case .stateDoesNotFit(let words) = error else {
      Issue.record("\(name): \(String(describing: error))")
      return
    }
    #expect(!words.isEmpty)
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
