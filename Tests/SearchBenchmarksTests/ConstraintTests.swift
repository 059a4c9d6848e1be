import EvolutionarySearch
import SearchBenchmarks
import SparsityCore
import Testing

/// How soon candidates are found that are as accurate and as fast as they must be.
struct ConstraintTests {
  private static let imageCount = 450
  /// Accuracy may be a tenth lower than dense, throughput must be 1.3 times as high.
  private static let loss = 0.1
  private static let speed = 1.3

  private static func denseThroughput(of problem: any SearchProblem) -> Double {
    problem.throughput(of: problem.dense)
  }

  /// Searches without the sparsest choice until something meets the constraints; returns the full
  /// evaluations that it took.
  private static func passes(on problem: any SearchProblem, seed: UInt64) throws -> Double {
    var settings = SearchSettings(
      populationSize: 50, evaluationCountMax: 60, seed: seed, algorithm: .bayesian,
      objectiveCount: 2, initial: Array(problem.uniformGenomes.dropLast()))
    settings.allowedChoices = problem.choiceCounts.map { (1..<UInt8($0)).map { $0 } }
    settings.accuracy = SearchSettings.Accuracy(
      place: 0, imageCount: imageCount, floor: .lossAtMost(loss, against: problem.dense))
    var search = try Search(choiceCounts: problem.choiceCounts, settings: settings)
    let least = speed * denseThroughput(of: problem)
    let costs = ExactCosts(
      violation: { 1 - problem.throughput(of: $0) / least },
      objectives: { [nil, -problem.throughput(of: $0)] },
      additive: { [nil, Double(problem.cycles(of: $0))] })
    let rule = EarlyStopping(sliceSizes: problem.sliceSizes, accuracyPlace: 0)
    var images = 0
    while let candidate = search.ask(costs: costs) {
      let results = problem.measure(candidate.genome)
      let objectives = [0, -problem.throughput(of: candidate.genome)]
      let decision = rule.decision(
        about: results, objectives: objectives, accuracyFloor: search.stoppingFloor, front: [])
      let correct = results.reduce(0) { $0 + $1.correct.populationCount }
      var accuracy = Double(correct) / Double(imageCount)
      var meanLoss = results.reduce(0) { $0 + ($1.summedLoss ?? 0) } / Double(imageCount)
      var measured: Int?
      if case .stops(let stopped) = decision {
        (accuracy, measured) = (stopped.accuracy, stopped.imageCount)
        meanLoss = try #require(stopped.meanLoss)
      }
      images += measured ?? imageCount
      let violation = search.accuracyFloor.map {
        AccuracyFloor.violation(of: accuracy, floor: $0)
      }
      let isFeasible = try search.tell(
        candidate.id, objectives: [-accuracy, objectives[1]],
        violation: max(violation ?? .infinity, costs.violation(candidate.genome)),
        meanLoss: meanLoss, imageCount: measured)
      if isFeasible { break }
    }
    return Double(images) / Double(imageCount)
  }

  @Test(arguments: SearchLandscape.Kind.allCases)
  func `what one random genome in a hundred meets is found within 20 full evaluations`(
    kind: SearchLandscape.Kind
  ) throws {
    let problem = SearchLandscape(kind, seed: 1)
    var generator = SeededGenerator(seed: 9)
    let least = Self.speed * Self.denseThroughput(of: problem)
    let accuracy = problem.accuracy(of: problem.dense) - Self.loss
    let feasibleCount = (0..<2_000).count { _ in
      let genome = Genome(
        genes: problem.choiceCounts.map { UInt8(1 + generator.index(below: $0 - 1)) })
      return problem.throughput(of: genome) >= least && problem.accuracy(of: genome) >= accuracy
    }
    #expect(feasibleCount <= 30, "\(feasibleCount) of 2000")
    for seed in UInt64(1)...5 {
      let passes = try Self.passes(on: problem, seed: seed)
      #expect(passes <= 20)
    }
  }
}
