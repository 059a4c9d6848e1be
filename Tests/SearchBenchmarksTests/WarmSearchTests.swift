import EvolutionarySearch
import SearchBenchmarks
import SparsityCore
import Testing

/// How much results of a related problem are worth.
struct WarmSearchTests {
  /// Searches; returns the noise-free hypervolume of the front, and what was found.
  private static func search(
    _ kind: SearchLandscape.Kind, evaluations: Int, seed: UInt64, warmStart: [EarlierResult] = []
  ) throws -> (volume: Double, found: [EarlierResult]) {
    let problem = SearchLandscape(kind, seed: seed)
    var settings = SearchSettings(
      populationSize: 50, evaluationCountMax: evaluations, seed: seed, algorithm: .bayesian,
      objectiveCount: 2, initial: problem.uniformGenomes)
    settings.accuracy = SearchSettings.Accuracy(place: 0, imageCount: problem.imageCount)
    settings.warmStart = warmStart
    var search = try Search(choiceCounts: problem.choiceCounts, settings: settings)
    let costs = ExactCosts(
      violation: { _ in 0 }, objectives: { [nil, -problem.throughput(of: $0)] },
      additive: { [nil, Double(problem.cycles(of: $0))] })
    var found: [EarlierResult] = []
    while let candidate = search.ask(costs: costs) {
      let results = problem.measure(candidate.genome)
      let images = Double(problem.imageCount)
      let share = Double(results.reduce(0) { $0 + $1.correct.populationCount }) / images
      let meanLoss = results.reduce(0) { $0 + ($1.summedLoss ?? 0) } / images
      try search.tell(
        candidate.id, objectives: [-share, -problem.throughput(of: candidate.genome)],
        meanLoss: meanLoss)
      found.append(
        EarlierResult(
          genome: candidate.genome, share: share, meanLoss: meanLoss,
          imageCount: problem.imageCount))
    }
    let front = search.archive.individuals.map(\.genome)
    let volume = hypervolume(
      of: front.map { [-problem.accuracy(of: $0), -problem.throughput(of: $0)] },
      referencePoint: [-0.5, -problem.throughput(of: problem.dense)])
    return (volume, found)
  }

  @Test func `begun with what a landscape without couplings has taught, few candidates do more`()
    throws
  {
    var (cold, warm) = (0.0, 0.0)
    for seed in UInt64(1)...3 {
      let earlier = try Self.search(.additive, evaluations: 100, seed: 100 + seed).found
      cold += try Self.search(.coupled, evaluations: 25, seed: seed).volume
      warm += try Self.search(.coupled, evaluations: 25, seed: seed, warmStart: earlier).volume
    }
    #expect(warm > 1.02 * cold, "\(warm) \(cold)")
  }
}
