import EvolutionarySearch
import SparsityCore
import Testing

/// What the journal of a run records about its search.
private enum Record {
  case proposed(Candidate)
  case told(CandidateID, [Double])
  case quarantined(CandidateID)
}

struct SearchReplayTests {
  private static let problem = ToyProblem.layerSparsity(layerCount: 12, levelCount: 3, seed: 2)

  private static func limit(_ genome: Genome) -> Double {
    Double(genome.genes.reduce(0) { $0 + Int($1) }) - 16
  }

  private static func fresh(seed: UInt64) throws -> Search {
    try Search(
      choiceCounts: problem.choiceCounts,
      settings: SearchTests.settings(
        population: 8, evaluations: 120, seed: seed,
        initial: uniformGenomes(of: problem.choiceCounts)))
  }

  /// Takes a random step: a proposal, a result of any outstanding candidate, or a quarantine.
  private static func step(
    _ search: inout Search, using generator: inout SeededGenerator
  ) throws -> Record? {
    let outstanding = search.outstanding
    if outstanding.count < 6, let candidate = search.ask(violation: limit) {
      return .proposed(candidate)
    }
    guard !outstanding.isEmpty else { return nil }
    let candidate = outstanding[generator.index(below: outstanding.count)]
    if generator.index(below: 20) == 0 {
      try search.quarantine(candidate.id)
      return .quarantined(candidate.id)
    }
    let objectives = problem.objectives(candidate.genome)
    try search.tell(candidate.id, objectives: objectives)
    return .told(candidate.id, objectives)
  }

  @Test(arguments: UInt64(0)..<12)
  func `a replayed search goes on as the original would have`(seed: UInt64) throws {
    var original = try Self.fresh(seed: seed)
    var generator = SeededGenerator(seed: seed, stream: 1)
    var journal: [Record] = []
    let crash = 20 + generator.index(below: 150)
    while journal.count < crash, let record = try Self.step(&original, using: &generator) {
      journal.append(record)
    }

    var recovered = try Self.fresh(seed: seed)
    for record in journal {
      switch record {
      case .proposed(let candidate): try recovered.adopt(candidate)
      case .told(let id, let objectives): try recovered.tell(id, objectives: objectives)
      case .quarantined(let id): try recovered.quarantine(id)
      }
    }
    var generatorAfter = generator
    while try Self.step(&original, using: &generator) != nil {}
    while try Self.step(&recovered, using: &generatorAfter) != nil {}
    #expect(recovered.archive == original.archive)
    #expect(recovered.population == original.population)
    #expect(recovered.proposalCount == 120)
    #expect(recovered.evaluationCount == original.evaluationCount)
    #expect(recovered.quarantinedCount == original.quarantinedCount)
  }

  @Test func `a damaged journal is refused`() throws {
    var search = try Self.fresh(seed: 1)
    let genome = Genome(uniform: 1, count: 12)
    let late = CandidateID(1)
    #expect(throws: SearchError.adoptedOutOfOrder(id: late, expected: CandidateID(0))) {
      try search.adopt(Candidate(id: late, genome: genome))
    }
    let first = CandidateID(0)
    for genes in [[UInt8](repeating: 3, count: 12), [UInt8](repeating: 0, count: 11)] {
      #expect(throws: SearchError.adoptedGenomeOutsideSpace(id: first)) {
        try search.adopt(Candidate(id: first, genome: Genome(genes: genes)))
      }
    }
    try search.adopt(Candidate(id: first, genome: genome))
    #expect(throws: SearchError.adoptedTwice(id: late)) {
      try search.adopt(Candidate(id: late, genome: genome))
    }
    #expect(search.proposalCount == 1)
  }
}
