import EvolutionarySearch
import SparsityCore
import Testing

/// An algorithm that takes the cheapest genomes first, and remembers what it is told.
struct CheapestFirst: SearchAlgorithm {
  private let space: ChoiceSpace
  /// What it was told, in order.
  private(set) var history: [UInt8] = []
  /// The candidates that were outstanding at the last proposal.
  private var outstanding: [UInt8] = []

  init(space: ChoiceSpace, settings: SearchSettings) { self.space = space }

  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError) {
    self.init(space: space, settings: settings)
    guard stateBytes.first == 1 else { throw .stateDoesNotFit(diagnostic: "version") }
    history = Array(stateBytes.dropFirst())
  }

  var observesPartialMeasurements: Bool { true }
  var stateBytes: [UInt8] { [1] + history }

  mutating func propose(_ context: inout ProposalContext) -> Genome? {
    let genomes = (0..<(space.enumerableCount ?? 0)).map { space.genome(at: $0) }
    let new = genomes.filter { !context.isKnown($0) && context.costs.violation($0) <= 0 }
    return new.min { first, second in
      let costs = [first, second].map { context.costs.objectives($0).compactMap(\.self) }
      return costs[0].lexicographicallyPrecedes(costs[1])
    }
  }

  mutating func begin(_ candidate: Candidate) { note("b", candidate.id) }
  mutating func observe(_ individual: Individual) { note("m", individual.id) }
  mutating func observe(_ measurement: PartialMeasurement) { note("p", measurement.candidate.id) }
  mutating func quarantine(_ candidate: Candidate) { note("a", candidate.id) }

  private mutating func note(_ kind: Character, _ id: CandidateID) {
    history += Array("\(kind)\(id.rawValue) ".utf8)
  }
}

/// Searches by an algorithm that is none of ours.
struct SearchAlgorithmTests {
  private static var costs: ExactCosts {
    ExactCosts(
      violation: { genome in genome.genes == [0, 0, 0] ? 1 : 0 },
      objectives: { genome in
        let number = genome.genes.reduce(0) { $0 * 10 + Int($1) }
        return [nil, Double(number)]
      })
  }

  private static func search(evaluations: Int = 27) throws -> Search {
    try Search(
      choiceCounts: [3, 3, 3], settings: SearchTests.settings(evaluations: evaluations),
      algorithm: CheapestFirst.self)
  }

  private static func history(of search: Search) throws -> String {
    String(decoding: try #require(search.state).algorithm.dropFirst(), as: UTF8.self)
  }

  @Test func `an algorithm has exact costs and constraints at hand`() throws {
    var search = try Self.search()
    var genomes: [[UInt8]] = []
    while let candidate = search.ask(costs: Self.costs) { genomes.append(candidate.genome.genes) }
    #expect(Array(genomes.prefix(4)) == [[0, 0, 1], [0, 0, 2], [0, 1, 0], [0, 1, 1]])
    #expect(genomes.count == 26)
  }

  @Test func `an algorithm is told what becomes of candidates in order`() throws {
    var search = try Self.search()
    let first = search.ask(costs: Self.costs)
    let second = search.ask(costs: Self.costs)
    let candidate = try #require(first)
    search.tell(PartialMeasurement(candidate: candidate, objectives: [1, 1], share: 0.5))
    try search.tell(candidate.id, objectives: [1, 1])
    // It is not outstanding any more.
    search.tell(PartialMeasurement(candidate: candidate, objectives: [1, 1], share: 0.5))
    try search.quarantine(try #require(second).id)
    #expect(try Self.history(of: search) == "b0 b1 p0 m0 a1 ")
  }

  @Test func `what happens while the proposer is away reaches it before its own proposals`() throws
  {
    var search = try Self.search()
    _ = search.ask(costs: Self.costs)
    _ = search.ask(costs: Self.costs)
    var proposer = search.lend()
    #expect(search.isLent)
    #expect(search.state == nil)
    try search.tell(CandidateID(1), objectives: [2, 2])
    let proposed = proposer.propose(countMax: 2, costs: Self.costs)
    #expect(proposed.map(\.id.rawValue) == [2, 3])
    try search.quarantine(CandidateID(0))
    #expect(search.evaluationCount == 1)
    #expect(search.settledPrefixCount == 2)
    #expect(search.takeBack(proposer) == proposed)
    #expect(search.outstanding == proposed)
    #expect(try Self.history(of: search) == "b0 b1 m1 a0 b2 b3 ")
  }

  @Test func `a lent search goes on as one that asks and tells in the order of the journal`() throws
  {
    for algorithm in SearchAlgorithmName.allCases {
      let settings = SearchTests.settings(algorithm: algorithm)
      let counts = SearchTests.problem.choiceCounts
      var lending = try Search(choiceCounts: counts, settings: settings)
      var plain = try Search(choiceCounts: counts, settings: settings)
      var generator = SeededGenerator(seed: 5)
      for _ in 0..<40 {
        var proposer = lending.lend()
        let proposed = proposer.propose(
          countMax: 1 + generator.index(below: 4), costs: ExactCosts(violation: { _ in 0 }))
        // Results come while it thinks, and stand in the journal before its proposals.
        for candidate in lending.outstanding where generator.index(below: 3) == 0 {
          let objectives = SearchTests.problem.objectives(candidate.genome)
          try lending.tell(candidate.id, objectives: objectives)
          try plain.tell(candidate.id, objectives: objectives)
        }
        #expect(lending.takeBack(proposer) == proposed)
        for candidate in proposed { try plain.adopt(candidate) }
        #expect(lending.state == plain.state)
      }
      // One of them has no more to propose.
      #expect(lending.proposalCount > (algorithm == .oneAtATime ? 16 : 60))
    }
  }

  @Test func `each name of an algorithm is one that run files know and names another one`() throws {
    #expect(
      SearchAlgorithmName.allCases.map(\.rawValue)
        == [
          "bayesian", "nsga2", "elsa-paper", "regularized-evolution", "random", "one-at-a-time",
        ])
    var states: Set<SearchState> = []
    for algorithm in SearchAlgorithmName.allCases {
      var search = try Search(
        choiceCounts: SearchTests.problem.choiceCounts,
        settings: SearchTests.settings(evaluations: 60, algorithm: algorithm))
      while let candidate = search.ask() {
        try search.tell(
          candidate.id, objectives: SearchTests.problem.objectives(candidate.genome))
      }
      states.insert(try #require(search.state))
    }
    #expect(states.count == SearchAlgorithmName.allCases.count)
  }
}
