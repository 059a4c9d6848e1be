import EvolutionarySearch
import Foundation
import SparsityCore

/// How good the front is that a method reports after so many evaluations.
package struct SearchBenchmark: Sendable {
  /// What proposes.
  package enum Method: Hashable, Sendable {
    case algorithm(SearchAlgorithmName)
    /// Every single change of dense, then from dense on always the change with the least added
    /// loss for each cycle saved, each step evaluated.
    case greedy

    /// The methods by name.
    package static let all: [Method] =
      SearchAlgorithmName.allCases.map { .algorithm($0) } + [.greedy]

    package var name: String {
      switch self {
      case .algorithm(let name): name.rawValue
      case .greedy: "greedy"
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

  package let landscape: SearchLandscape
  /// Whether methods learn the mean loss, too.
  package let tellsLosses: Bool
  /// Whether evaluations end early that fall behind the front.
  package let stopsEarly: Bool
  /// The noise-free hypervolume of the best front that is known.
  package let best: Double

  /// Creates the benchmark of a landscape; finds its best front.
  package init(landscape: SearchLandscape, tellsLosses: Bool, stopsEarly: Bool) {
    self.landscape = landscape
    self.stopsEarly = stopsEarly
    self.tellsLosses = tellsLosses
    best = Self.hypervolume(of: BestFront(landscape).genomes, landscape)
  }

  /// Returns the noise-free hypervolume of genomes.
  private static func hypervolume(of genomes: [Genome], _ landscape: SearchLandscape) -> Double {
    EvolutionarySearch.hypervolume(
      of: genomes.map { [-landscape.accuracy(of: $0), -landscape.throughput(of: $0)] },
      referencePoint: [-leastAccuracy, -landscape.throughput(of: landscape.dense)])
  }

  /// Runs a method.
  package func run(_ method: Method, evaluations: Int, seed: UInt64) throws -> Outcome {
    switch method {
    case .greedy: return greedy(evaluations: evaluations)
    case .algorithm(let name): return try search(name, evaluations: evaluations, seed: seed)
    }
  }

  private func search(
    _ name: SearchAlgorithmName, evaluations: Int, seed: UInt64
  ) throws -> Outcome {
    let counts = landscape.choiceCounts
    let levels = counts.max() ?? 1
    var settings = SearchSettings(
      populationSize: 50, evaluationCountMax: evaluations, seed: seed, algorithm: name,
      objectiveCount: 2,
      initial: (0..<levels).reversed().map { level in
        Genome(genes: counts.map { UInt8(min(level, $0 - 1)) })
      })
    settings.accuracy = SearchSettings.Accuracy(place: 0, imageCount: landscape.imageCount)
    var search = try Search(choiceCounts: counts, settings: settings)
    let costs = ExactCosts(
      violation: { _ in 0 },
      objectives: { [nil, -landscape.throughput(of: $0)] },
      additive: { [nil, Double(landscape.cycles(of: $0))] })
    var seconds: [Double] = []
    var evaluated: [Genome] = []
    let clock = ContinuousClock()
    let stopping = EarlyStopping(sliceSizes: landscape.sliceSizes, accuracyPlace: 0)
    var members: [CandidateID: EarlyStopping.Member] = [:]
    while true {
      let start = clock.now
      guard let candidate = search.ask(costs: costs) else { break }
      seconds.append((clock.now - start) / .seconds(1))
      let results = landscape.measure(candidate.genome)
      evaluated.append(candidate.genome)
      let throughput = landscape.throughput(of: candidate.genome)
      let decision =
        stopsEarly
        ? stopping.decision(
          about: results, objectives: [0, -throughput],
          front: search.archive.individuals.compactMap { members[$0.id] }) : .isWhole
      if case .stops(let stopped) = decision {
        try search.tell(
          candidate.id, objectives: [-stopped.accuracy, -throughput],
          meanLoss: tellsLosses ? stopped.meanLoss : nil, imageCount: stopped.imageCount)
      } else {
        let correct = results.reduce(0) { $0 + $1.correct.populationCount }
        let loss = results.reduce(0) { $0 + ($1.summedLoss ?? 0) }
        let objectives = [-Double(correct) / Double(landscape.imageCount), -throughput]
        members[candidate.id] = EarlyStopping.Member(objectives: objectives, results: results)
        try search.tell(
          candidate.id, objectives: objectives,
          meanLoss: tellsLosses ? loss / Double(landscape.imageCount) : nil)
      }
    }
    let front = search.archive.individuals.map(\.genome)
    return Outcome(
      share: Self.hypervolume(of: front, landscape) / best,
      evaluatedShare: Self.hypervolume(of: evaluated, landscape) / best,
      counts: (search.evaluationCount, search.evaluationCount - members.count),
      proposalSeconds: seconds.sorted()[seconds.count / 2])
  }

  private func greedy(evaluations: Int) -> Outcome {
    var archive = Archive()
    var evaluated: [Genome] = []
    var count = 0
    func evaluate(_ genome: Genome) -> Double {
      let results = landscape.measure(genome)
      evaluated.append(genome)
      let images = Double(landscape.imageCount)
      let accuracy = Double(results.reduce(0) { $0 + $1.correct.populationCount }) / images
      archive.insert(
        Individual(
          id: CandidateID(count), genome: genome,
          objectives: [-accuracy, -landscape.throughput(of: genome)]))
      count += 1
      return tellsLosses ? results.reduce(0) { $0 + ($1.summedLoss ?? 0) } / images : 1 - accuracy
    }
    let dense = landscape.dense
    let base = evaluate(dense)
    var losses = landscape.effects.map { $0.map { _ in 0.0 } }
    for gene in dense.genes.indices {
      for choice in 0..<Int(dense.genes[gene]) where count < evaluations {
        var changed = dense
        changed.genes[gene] = UInt8(choice)
        losses[gene][choice] = evaluate(changed) - base
      }
    }
    var genome = dense
    while count < evaluations {
      var best: (price: Double, gene: Int, choice: Int)?
      for (gene, current) in genome.genes.enumerated() {
        for choice in 0..<Int(current) {
          let saved = landscape.cycles[gene][Int(current)] - landscape.cycles[gene][choice]
          guard saved > 0 else { continue }
          let price = (losses[gene][choice] - losses[gene][Int(current)]) / Double(saved)
          if best.map({ price < $0.price }) ?? true { best = (price, gene, choice) }
        }
      }
      guard let best else { break }
      genome.genes[best.gene] = UInt8(best.choice)
      _ = evaluate(genome)
    }
    let front = archive.individuals.map(\.genome)
    return Outcome(
      share: Self.hypervolume(of: front, landscape) / self.best,
      evaluatedShare: Self.hypervolume(of: evaluated, landscape) / self.best,
      counts: (count, 0), proposalSeconds: 0)
  }
}
