import EvolutionarySearch
import SparsityCore
import Testing

/// The algorithms that others are compared with: generations, ELSA's own, and ageing.
struct BaselineTests {
  private static let problem = ToyProblem.layerSparsity(layerCount: 24, levelCount: 4, seed: 11)

  /// Runs a search to its end with `lag` candidates always outstanding.
  private static func run(
    _ settings: SearchSettings, lag: Int = 1, of problem: ToyProblem = problem
  ) throws -> Search {
    var search = try Search(choiceCounts: problem.choiceCounts, settings: settings)
    while true {
      if search.outstandingCount < lag, search.ask() != nil { continue }
      guard let candidate = search.outstanding.first else { return search }
      try search.tell(candidate.id, objectives: problem.objectives(candidate.genome))
    }
  }

  private static func settings(
    _ algorithm: SearchAlgorithmName, generational: Bool = false, evaluations: Int = 400,
    population: Int = 20, seed: UInt64 = 1
  ) -> SearchSettings {
    var settings = SearchTests.settings(
      population: population, evaluations: evaluations, seed: seed, algorithm: algorithm,
      initial: uniformGenomes(of: problem.choiceCounts))
    settings.isGenerational = generational
    return settings
  }

  private static func volume(_ settings: SearchSettings) throws -> Double {
    let volumes = try (UInt64(1)...7).map { seed in
      var settings = settings
      settings.seed = seed
      return try run(settings).archive.hypervolume(referencePoint: problem.referencePoint)
    }
    return volumes.sorted()[3]
  }

  @Test func `ELSA's own is ahead of chance in what it ranks by`() throws {
    func best(_ algorithm: SearchAlgorithmName) throws -> Double {
      let found = try (UInt64(1)...7).map { seed in
        try Self.run(Self.settings(algorithm, population: 50, seed: seed)).archive.individuals
          .map { $0.objectives[0] + $0.objectives[1] }.min() ?? 2
      }
      return found.sorted()[3]
    }
    let (own, random) = (try best(.elsaPaper), try best(.random))
    #expect(own < random - 0.01, "\(own) \(random)")
  }

  @Test func `evolution with ages or generations is ahead of chance`() throws {
    let random = try Self.volume(Self.settings(.random, population: 50))
    let others = try [
      Self.settings(.regularizedEvolution, population: 50),
      Self.settings(.nsga2, generational: true, population: 50),
    ].map { try Self.volume($0) }
    for volume in others { #expect(volume > random + 0.005, "\(others) \(random)") }
  }

  @Test func `the oldest leaves, however good it is`() throws {
    let search = try Self.run(Self.settings(.regularizedEvolution))
    #expect(search.population.map(\.id.rawValue) == Array(380..<400))
    let first = search.archive.individuals.contains { $0.id.rawValue < 4 }
    #expect(first, "uniform genomes are the ends of the front, and long gone")
  }

  @Test func `a mutated child differs from a member of the population in one gene`() throws {
    var search = try Search(
      choiceCounts: Self.problem.choiceCounts, settings: Self.settings(.regularizedEvolution))
    while let candidate = search.ask() {
      let distances = search.population.map { member in
        zip(member.genome.genes, candidate.genome.genes).count { $0 != $1 }
      }
      if candidate.id.rawValue >= 20 { #expect(distances.contains(1)) }
      try search.tell(candidate.id, objectives: Self.problem.objectives(candidate.genome))
    }
  }

  @Test func `a generation survives as parents and offspring together allow`() throws {
    var search = try Search(
      choiceCounts: Self.problem.choiceCounts, settings: Self.settings(.nsga2, generational: true))
    var survivors: [Individual] = []
    var told: [Individual] = []
    while let candidate = search.ask() {
      let individual = Individual(
        id: candidate.id, genome: candidate.genome,
        objectives: Self.problem.objectives(candidate.genome))
      if candidate.id.rawValue % 20 == 19 {
        // The generation is complete but for this one, which survives with the next.
        let all = survivors + told
        survivors = search.population
        let ranks = nonDominatedRanks(of: all)
        let worst = survivors.map { survivor in
          ranks[all.firstIndex { $0.id == survivor.id } ?? 0]
        }.max()
        #expect(survivors.count == min(20, all.count))
        let better = all.indices.filter { ranks[$0] < worst ?? 0 }.map { all[$0].id }
        #expect(Set(better).isSubset(of: survivors.map(\.id)))
        told = []
      }
      told.append(individual)
      try search.tell(individual.id, objectives: individual.objectives)
      #expect(Set(search.population.map(\.id)) == Set((survivors + told).map(\.id)))
    }
  }

  @Test(arguments: [SearchAlgorithmName.nsga2, .elsaPaper])
  func `generations begin although little is known of the last one`(
    algorithm: SearchAlgorithmName
  ) throws {
    // More are outstanding than a generation has.
    let settings = Self.settings(
      algorithm, generational: algorithm == .nsga2, evaluations: 200)
    let search = try Self.run(settings, lag: 30)
    #expect(search.evaluationCount == 200)
    let late = search.archive.individuals.filter { $0.id.rawValue >= 100 }
    #expect(late.count > 3, "evolution goes on")
  }

  @Test(arguments: UInt64(0)..<12)
  func `a restored search of generations takes the same next steps`(seed: UInt64) throws {
    let settings = Self.settings(
      .nsga2, generational: true, evaluations: 200, population: 8, seed: seed)
    var original = try Search(choiceCounts: Self.problem.choiceCounts, settings: settings)
    var generator = SeededGenerator(seed: seed)
    func step(_ search: inout Search, _ generator: inout SeededGenerator) throws {
      if search.outstandingCount < 5, search.ask() != nil { return }
      let outstanding = search.outstanding
      guard !outstanding.isEmpty else { return }
      let candidate = outstanding[generator.index(below: outstanding.count)]
      try search.tell(candidate.id, objectives: Self.problem.objectives(candidate.genome))
    }
    for _ in 0..<Int(seed) * 17 + 3 { try step(&original, &generator) }
    var restored = try Search(
      choiceCounts: Self.problem.choiceCounts, settings: settings,
      restoring: try #require(original.state))
    var other = generator
    for _ in 0..<150 {
      try step(&original, &generator)
      try step(&restored, &other)
      #expect(restored.state == original.state)
    }
  }

  @Test
  func `a state of generations is no state without, and cannot have more survivors than there are`()
    throws
  {
    var settings = Self.settings(.nsga2, generational: true, evaluations: 100, population: 8)
    let search = try Self.run(settings)
    var state = try #require(search.state)
    settings.isGenerational = false
    #expect(throws: SearchError.self) {
      try Search(
        choiceCounts: Self.problem.choiceCounts, settings: settings, restoring: state)
    }
    settings.isGenerational = true
    state.algorithm[1] = 200
    #expect(throws: SearchError.self) {
      try Search(
        choiceCounts: Self.problem.choiceCounts, settings: settings, restoring: state)
    }
  }

  @Test func `a choice whose mean is too low is filtered, but never the last one of a gene`() {
    var statistics = ChoiceStatistics(choiceCounts: [3, 1])
    let visits = ChoiceStatistics.confidentVisitCount
    for _ in 0..<visits - 1 {
      statistics.add(Genome(genes: [0, 0]), accuracy: 0.2, threshold: 0.5)
    }
    #expect(statistics.isKept == [[true, true, true], [true]])
    for choice in [0, 1, 2] {
      for _ in 0..<visits {
        statistics.add(Genome(genes: [UInt8(choice), 0]), accuracy: 0.2, threshold: 0.5)
      }
    }
    #expect(statistics.isKept == [[false, false, true], [true]])
    #expect(statistics.visits == [[2 * visits - 1, visits, visits], [4 * visits - 1]])
    #expect(statistics.probabilities(ofGene: 0) == [0, 0, 1])
    #expect(statistics.inverseProbabilities(ofGene: 0) == [0, 0, 1])
  }

  @Test func `chances of choices differ as means do, not as ELSA's`() {
    // The means that the paper's code turns into 0.327, 0.336 and 0.337.
    var statistics = ChoiceStatistics(choiceCounts: [3])
    for (choice, accuracy) in [79.5, 81.7, 81.8].enumerated() {
      statistics.add(Genome(genes: [UInt8(choice)]), accuracy: accuracy, threshold: nil)
    }
    let chances = statistics.probabilities(ofGene: 0)
    #expect(abs(chances.reduce(0, +) - 1) < 1e-12)
    #expect(chances[0] > 0.1 && chances[1] > 3 * chances[0] && chances[2] > chances[1])
    let inverse = statistics.inverseProbabilities(ofGene: 0)
    #expect(inverse[0] > inverse[1] && inverse[1] > inverse[2])
  }
}
