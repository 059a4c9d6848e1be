import EvolutionarySearch
import Foundation
import SparsityCore
import Testing

/// The search that learns what choices lose.
struct BayesianSearchTests {
  /// Ten genes of three choices: sparse ones save and lose by their places.
  private static let counts = Array(repeating: 3, count: 10)

  private static func cost(_ genome: Genome) -> Double {
    genome.genes.enumerated().reduce(5) { $0 + Double($1.offset % 3 + 1) * Double($1.element) }
  }

  /// What is lost by the planted effects: a power of their sum.
  private static func loss(_ genome: Genome, degree: Double = 1.5) -> Double {
    let sum = genome.genes.enumerated().reduce(0.0) { sum, entry in
      sum + Double(2 - Int(entry.element)) * 0.02 * Double(1 + entry.offset % 5)
    }
    return pow(sum, degree)
  }

  private static func correct(_ genome: Genome) -> Int {
    Int((1_000 * 0.9 * exp(-0.3 * loss(genome))).rounded())
  }

  private static var costs: ExactCosts {
    ExactCosts(
      violation: { _ in 0 }, objectives: { [nil, -1 / cost($0)] },
      additive: { [nil, cost($0)] })
  }

  private static func settings(
    _ algorithm: SearchAlgorithmName = .bayesian, evaluations: Int = 80
  ) -> SearchSettings {
    var settings = SearchSettings(
      populationSize: 20, evaluationCountMax: evaluations, seed: 4, algorithm: algorithm,
      objectiveCount: 2,
      initial: (0..<3).reversed().map { Genome(uniform: $0, count: counts.count) })
    settings.accuracy = SearchSettings.Accuracy(place: 0, imageCount: 1_000)
    return settings
  }

  private static func tell(_ candidate: Candidate, _ search: inout Search) throws {
    try search.tell(
      candidate.id,
      objectives: [-Double(correct(candidate.genome)) / 1_000, -1 / cost(candidate.genome)],
      meanLoss: 0.4 + loss(candidate.genome))
  }

  private static func search(_ settings: SearchSettings) throws -> Search {
    var search = try Search(choiceCounts: counts, settings: settings)
    while let candidate = search.ask(costs: costs) { try tell(candidate, &search) }
    return search
  }

  @Test func `what choices lose is learned from few candidates`() throws {
    let reference = [-0.5, -1 / Self.cost(Genome(uniform: 2, count: Self.counts.count))]
    func volume(_ algorithm: SearchAlgorithmName) throws -> Double {
      try Self.search(Self.settings(algorithm)).archive.hypervolume(referencePoint: reference)
    }
    let (learned, evolved, random) = (
      try volume(.bayesian), try volume(.nsga2), try volume(.random)
    )
    #expect(learned > evolved && evolved > random, "\(learned) \(evolved) \(random)")
  }

  @Test func `a journal's order brings everything back, whenever something was proposed`() throws {
    let settings = Self.settings(evaluations: 200)
    var search = try Search(choiceCounts: Self.counts, settings: settings)
    var replayed = try Search(choiceCounts: Self.counts, settings: settings)
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<150 {
      if search.outstandingCount < 6, let candidate = search.ask(costs: Self.costs) {
        try replayed.adopt(candidate)
      } else {
        let waiting = search.outstanding
        let candidate = waiting[generator.index(below: waiting.count)]
        try Self.tell(candidate, &search)
        try Self.tell(candidate, &replayed)
      }
      #expect(search.state == replayed.state)
    }
    var restored = try Search(
      choiceCounts: Self.counts, settings: settings, restoring: try #require(search.state))
    for _ in 0..<20 {
      let next = search.ask(costs: Self.costs)
      #expect(next != nil)
      #expect(restored.ask(costs: Self.costs) == next)
      #expect(replayed.ask(costs: Self.costs) == next)
    }
  }

  @Test func `what violates a constraint is never proposed, and a space is searched to its end`()
    throws
  {
    var settings = Self.settings(evaluations: 500)
    settings.initial = []
    let counts = [2, 3, 2, 3]
    var search = try Search(choiceCounts: counts, settings: settings)
    let costs = ExactCosts(
      violation: { $0.genes[0] == 1 && $0.genes[1] == 2 ? 1 : 0 },
      objectives: { [nil, -1 / Self.cost($0)] }, additive: { [nil, Self.cost($0)] })
    var proposed: Set<Genome> = []
    while let candidate = search.ask(costs: costs) {
      #expect(costs.violation(candidate.genome) <= 0)
      #expect(proposed.insert(candidate.genome).inserted)
      try Self.tell(candidate, &search)
    }
    #expect(proposed.count == 2 * 3 * 2 * 3 - 6)
  }

  @Test func `three objectives, one of them a measured rate, are searched`() throws {
    var settings = Self.settings(evaluations: 120)
    settings.objectiveCount = 3
    var search = try Search(choiceCounts: Self.counts, settings: settings)
    let costs = ExactCosts(
      violation: { _ in 0 }, objectives: { [nil, nil, Self.cost($0)] })
    while let candidate = search.ask(costs: costs) {
      let genome = candidate.genome
      // The rate is measured with an error of a percent.
      let error = 1 + 0.01 * Double(candidate.id.rawValue % 3 - 1)
      try search.tell(
        candidate.id,
        objectives: [
          -Double(Self.correct(genome)) / 1_000, -error / Self.cost(genome), Self.cost(genome),
        ])
    }
    #expect(search.evaluationCount == 120)
    #expect(search.archive.count > 12)
  }

  @Test func `with more choices than can be learned one by one it goes on all the same`() throws {
    let counts = Array(repeating: 4, count: 250)
    var settings = Self.settings(evaluations: 60)
    settings.initial = [Genome(uniform: 3, count: 250)]
    var search = try Search(choiceCounts: counts, settings: settings)
    while let candidate = search.ask(costs: Self.costs) {
      try search.tell(
        candidate.id, objectives: [-0.5, -1 / Self.cost(candidate.genome)])
    }
    #expect(search.evaluationCount == 60)
  }

  @Test func `a state that is none is refused`() throws {
    let settings = Self.settings()
    let search = try Self.search(settings)
    let state = try #require(search.state)
    for count in [0, 1, 8, 40, state.algorithm.count - 1] {
      var damaged = state
      damaged.algorithm = Array(state.algorithm.prefix(count))
      #expect(throws: SearchError.self) {
        try Search(choiceCounts: Self.counts, settings: settings, restoring: damaged)
      }
    }
    var damaged = state
    // The degree stands before the last number.
    for index in damaged.algorithm.count - 16..<damaged.algorithm.count - 8 {
      damaged.algorithm[index] = 0x7f
    }
    #expect(throws: SearchError.self) {
      try Search(choiceCounts: Self.counts, settings: settings, restoring: damaged)
    }
  }

  /// What a search on a related problem has found: every loss is 1.4 times as high there.
  private static func related() throws -> [EarlierResult] {
    var results: [EarlierResult] = []
    var search = try Search(choiceCounts: counts, settings: settings(evaluations: 60))
    while let candidate = search.ask(costs: costs) {
      try tell(candidate, &search)
      results.append(
        EarlierResult(
          genome: candidate.genome, share: Double(correct(candidate.genome)) / 1_100,
          meanLoss: 0.9 + 1.4 * loss(candidate.genome), imageCount: 500))
    }
    return results
  }

  @Test func `a search that began with earlier results goes on with them as it would have`() throws
  {
    var settings = Self.settings(evaluations: 40)
    settings.warmStart = try Self.related()
    var search = try Search(choiceCounts: Self.counts, settings: settings)
    for _ in 0..<15 {
      let asked = search.ask(costs: Self.costs)
      try Self.tell(try #require(asked), &search)
    }
    let state = try #require(search.state)
    var restored = try Search(choiceCounts: Self.counts, settings: settings, restoring: state)
    while let candidate = search.ask(costs: Self.costs) {
      #expect(restored.ask(costs: Self.costs) == candidate)
      try Self.tell(candidate, &search)
      try Self.tell(candidate, &restored)
    }
    #expect(search.evaluationCount == 40)
    settings.warmStart[0] = EarlierResult(
      genome: Genome(uniform: 3, count: Self.counts.count), share: 1, meanLoss: 0, imageCount: 1)
    #expect(throws: SearchError.earlierResultOutsideSpace(index: 0)) {
      try Search(choiceCounts: Self.counts, settings: settings)
    }
  }
}
