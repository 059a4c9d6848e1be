import EvolutionarySearch
import Foundation
import SparsityCore

/// How good the front is that a method reports after so many evaluations.
package struct SearchBenchmark: Sendable {
  /// What proposes.
  package enum Method: Hashable, Sendable {
    case algorithm(SearchAlgorithmName)
    /// NSGA-II in generations.
    case generational
    /// Every single change of dense, then from dense on always the change with the least added
    /// loss for each cycle saved, each step evaluated.
    case greedy
    /// The same choice everywhere.
    case uniform
    /// The rule of Erdős, Rényi and kernels.
    case erk

    /// The methods by name.
    package static let all: [Method] =
      SearchAlgorithmName.allCases.filter { $0 != .oneAtATime }.map { .algorithm($0) } + [
        .generational, .greedy, .uniform, .erk,
      ]

    package var name: String {
      switch self {
      case .algorithm(let name): name.rawValue
      case .generational: "nsga2-generational"
      case .greedy: "greedy"
      case .uniform: "uniform"
      case .erk: "erk"
      }
    }
  }

  /// What came of one run.
  package struct Outcome: Sendable {
    /// The noise-free hypervolume of the reported front, as a share of the best known.
    package let share: Double
    /// The same of the best front among all that was evaluated: what is missing to it is what noise
    /// costs when the front is chosen.
    package let evaluatedShare: Double
    /// The candidates that were evaluated, and those whose evaluation has ended early.
    package let counts: (evaluated: Int, stopped: Int)
    /// The median time of a proposal.
    package let proposalSeconds: Double
  }

  /// The accuracy from which on a candidate counts; the throughput is that of dense.
  package static let leastAccuracy = 0.5

  package let problem: any SearchProblem
  /// Whether methods learn the mean loss, too.
  package let tellsLosses: Bool
  /// Whether evaluations end early that fall behind the front.
  package let stopsEarly: Bool
  /// The noise-free hypervolume of the best front that is known.
  package let best: Double

  /// Creates the benchmark of a problem; finds its best front.
  package init(problem: any SearchProblem, tellsLosses: Bool, stopsEarly: Bool) {
    self.problem = problem
    self.stopsEarly = stopsEarly
    self.tellsLosses = tellsLosses
    best = Self.hypervolume(of: problem.bestGenomes, problem)
  }

  /// Returns the noise-free hypervolume of genomes.
  private static func hypervolume(of genomes: [Genome], _ problem: any SearchProblem) -> Double {
    EvolutionarySearch.hypervolume(
      of: genomes.map { [-problem.accuracy(of: $0), -problem.throughput(of: $0)] },
      referencePoint: [-leastAccuracy, -problem.throughput(of: problem.dense)])
  }

  /// Returns what came of a run.
  func outcome(of run: MeasuredRun, proposalSeconds: Double) -> Outcome {
    Outcome(
      share: Self.hypervolume(of: run.archive.individuals.map(\.genome), problem) / best,
      evaluatedShare: Self.hypervolume(of: run.evaluated, problem) / best,
      counts: (run.evaluated.count, run.stoppedCount), proposalSeconds: proposalSeconds)
  }

  /// Runs a method.
  package func run(_ method: Method, evaluations: Int, seed: UInt64) throws -> Outcome {
    switch method {
    case .algorithm(let name):
      try search(name, isGenerational: false, evaluations: evaluations, seed: seed)
    case .generational:
      try search(.nsga2, isGenerational: true, evaluations: evaluations, seed: seed)
    case .greedy: greedy(evaluations: evaluations)
    case .uniform: listed(problem.uniformGenomes, evaluations: evaluations)
    case .erk: listed(problem.erkGenomes, evaluations: evaluations)
    }
  }

  private func search(
    _ name: SearchAlgorithmName, isGenerational: Bool, evaluations: Int, seed: UInt64
  ) throws -> Outcome {
    var settings = SearchSettings(
      populationSize: 50, evaluationCountMax: evaluations, seed: seed, algorithm: name,
      objectiveCount: 2, initial: problem.uniformGenomes)
    settings.isGenerational = isGenerational
    settings.accuracy = SearchSettings.Accuracy(place: 0, imageCount: problem.imageCount)
    var search = try Search(choiceCounts: problem.choiceCounts, settings: settings)
    let costs = ExactCosts(
      violation: { _ in 0 },
      objectives: { [nil, -problem.throughput(of: $0)] },
      additive: { [nil, Double(problem.cycles(of: $0))] })
    var seconds: [Double] = []
    var run = MeasuredRun()
    let stopping =
      stopsEarly ? EarlyStopping(sliceSizes: problem.sliceSizes, accuracyPlace: 0) : nil
    let clock = ContinuousClock()
    while true {
      let start = clock.now
      guard let candidate = search.ask(costs: costs) else { break }
      seconds.append((clock.now - start) / .seconds(1))
      let measured = run.measure(candidate.genome, of: problem, stopping: stopping)
      try search.tell(
        candidate.id, objectives: [-measured.accuracy, -measured.throughput],
        meanLoss: tellsLosses ? measured.meanLoss : nil, imageCount: measured.imageCount)
    }
    return outcome(of: run, proposalSeconds: seconds.sorted()[seconds.count / 2])
  }

  private func listed(_ genomes: [Genome], evaluations: Int) -> Outcome {
    var run = MeasuredRun()
    for genome in genomes.prefix(evaluations) { _ = run.measure(genome, of: problem) }
    return outcome(of: run, proposalSeconds: 0)
  }

  private func greedy(evaluations: Int) -> Outcome {
    var run = MeasuredRun()
    func evaluate(_ genome: Genome) -> Double {
      let measured = run.measure(genome, of: problem)
      return (tellsLosses ? measured.meanLoss : nil) ?? 1 - measured.accuracy
    }
    let dense = problem.dense
    let base = evaluate(dense)
    let denseCycles = problem.cycles(of: dense)
    var losses = problem.choiceCounts.map { [Double](repeating: 0, count: $0) }
    // What each choice saves against the last one.
    var saved = problem.choiceCounts.map { [Int](repeating: 0, count: $0) }
    for gene in dense.genes.indices {
      for choice in 0..<Int(dense.genes[gene]) where run.evaluated.count < evaluations {
        var changed = dense
        changed.genes[gene] = UInt8(choice)
        losses[gene][choice] = evaluate(changed) - base
        saved[gene][choice] = denseCycles - problem.cycles(of: changed)
      }
    }
    var genome = dense
    while run.evaluated.count < evaluations {
      var best: (price: Double, gene: Int, choice: Int)?
      for (gene, current) in genome.genes.enumerated() {
        for choice in 0..<Int(current) {
          let more = saved[gene][choice] - saved[gene][Int(current)]
          guard more > 0 else { continue }
          let price = (losses[gene][choice] - losses[gene][Int(current)]) / Double(more)
          if best.map({ price < $0.price }) ?? true { best = (price, gene, choice) }
        }
      }
      guard let best else { break }
      genome.genes[best.gene] = UInt8(best.choice)
      _ = evaluate(genome)
    }
    return outcome(of: run, proposalSeconds: 0)
  }
}
