import EvolutionarySearch
import SparsityCore
import Testing

/// A problem whose objectives are computed at once.
struct ToyProblem: Sendable {
  let choiceCounts: [Int]
  let referencePoint: [Double]
  let objectives: @Sendable (Genome) -> [Double]

  /// Layers with levels: error that falls and cost that rises with each layer's density.
  ///
  /// Sensitivities differ a hundredfold, as those of a network's layers do. Objectives are counts.
  static func layerSparsity(layerCount: Int, levelCount: Int, seed: UInt64) -> ToyProblem {
    var generator = SeededGenerator(seed: seed)
    let sizes = (0..<layerCount).map { [3, 1, 4, 4][$0 % 4] }
    let sensitivities = sizes.map { size in
      let draw = generator.unitInterval()
      return Double(size) * (0.02 + draw * draw * draw * draw)
    }
    let cost = sizes.reduce(0, +) * levelCount
    let error = sensitivities.reduce(0, +)
    return ToyProblem(
      choiceCounts: Array(repeating: levelCount, count: layerCount), referencePoint: [1, 1]
    ) { genome in
      var lost = 0.0
      var spent = 0
      for (layer, level) in genome.genes.enumerated() {
        let removed = Double(levelCount - 1 - Int(level)) / Double(levelCount - 1)
        lost += sensitivities[layer] * removed * removed
        spent += sizes[layer] * (Int(level) + 1)
      }
      let images = 10_000.0
      return [(lost / error * images).rounded() / images, Double(spent) / Double(cost)]
    }
  }

  /// ZDT1 (Zitzler, Deb, Thiele 2000) with each variable in 32 steps.
  static let zdt1 = ToyProblem(
    choiceCounts: Array(repeating: 32, count: 10), referencePoint: [1.1, 10]
  ) { genome in
    let values = genome.genes.map { Double($0) / 31 }
    let slope = 1 + 9 * values.dropFirst().reduce(0, +) / Double(values.count - 1)
    return [values[0], slope * (1 - (values[0] / slope).squareRoot())]
  }

  /// Runs a search to its end with `lag` candidates always outstanding.
  func run(
    _ algorithm: SearchAlgorithmName, evaluations: Int, population: Int = 50, lag: Int = 4,
    seed: UInt64, initial: [Genome] = []
  ) throws -> Search {
    var search = try Search(
      choiceCounts: choiceCounts,
      settings: SearchSettings(
        populationSize: population, evaluationCountMax: evaluations, seed: seed,
        algorithm: algorithm, objectiveCount: referencePoint.count, initial: initial))
    var outstanding: [Candidate] = []
    while true {
      while outstanding.count < lag, let candidate = search.ask() { outstanding.append(candidate) }
      if outstanding.isEmpty { return search }
      let candidate = outstanding.removeFirst()
      try search.tell(candidate.id, objectives: objectives(candidate.genome))
    }
  }

  /// Returns the median hypervolume of the archives that searches with `seeds` end with.
  func medianHypervolume(
    _ algorithm: SearchAlgorithmName, evaluations: Int, seeds: ClosedRange<UInt64>
  ) throws -> Double {
    let volumes = try seeds.map { seed in
      try run(algorithm, evaluations: evaluations, seed: seed).archive
        .hypervolume(referencePoint: referencePoint)
    }
    return volumes.sorted()[volumes.count / 2]
  }
}

extension Individual {
  /// An individual of which only number and objectives matter.
  init(_ number: Int, _ objectives: [Double], violation: Double = 0) {
    self.init(
      id: CandidateID(number), genome: Genome(genes: []), objectives: objectives,
      violation: violation)
  }

  /// Individuals with objectives on a small grid, so that ties are common.
  static func random(
    count: Int, objectiveCount: Int, gridSize: Int, violating: Bool = false,
    using generator: inout SeededGenerator
  ) -> [Individual] {
    (0..<count).map { number in
      let objectives = (0..<objectiveCount).map { _ in
        Double(generator.index(below: gridSize))
      }
      let violation = violating ? Double(max(0, generator.index(below: 6) - 3)) : 0
      return Individual(number, objectives, violation: violation)
    }
  }
}

/// Returns the genomes that make the same choice everywhere, the last choice first; a gene with
/// fewer choices takes its last.
func uniformGenomes(of choiceCounts: [Int]) -> [Genome] {
  var genomes: [Genome] = []
  for choice in stride(from: (choiceCounts.max() ?? 0) - 1, through: 0, by: -1) {
    let genome = Genome(genes: choiceCounts.map { UInt8(clamping: min(choice, $0 - 1)) })
    if !genomes.contains(genome) { genomes.append(genome) }
  }
  return genomes
}

extension SearchAlgorithmName {
  /// The algorithms that go on as long as there are genomes.
  static var unbounded: [SearchAlgorithmName] { allCases.filter { $0 != .oneAtATime } }
}
