import EvolutionarySearch
import SparsityCore

/// What was measured in a run, and the front that it reports.
struct MeasuredRun {
  /// The genomes in order.
  private(set) var evaluated: [Genome] = []
  /// The evaluations that have ended early.
  private(set) var stoppedCount = 0
  /// The front by what was measured on all images.
  private(set) var archive = Archive()
  private var members: [CandidateID: EarlyStopping.Member] = [:]

  /// What was measured of a genome.
  struct Measured {
    let accuracy: Double
    let throughput: Double
    let meanLoss: Double?
    /// The images if they are not all; then the rest is an estimate.
    let imageCount: Int?
  }

  /// Measures a genome, on all images without a rule that may end it.
  mutating func measure(
    _ genome: Genome, of problem: any SearchProblem, stopping: EarlyStopping? = nil
  ) -> Measured {
    let id = CandidateID(evaluated.count)
    evaluated.append(genome)
    let throughput = problem.throughput(of: genome)
    let results = problem.measure(genome)
    let decision = stopping?.decision(
      about: results, objectives: [0, -throughput],
      front: archive.individuals.compactMap { members[$0.id] })
    if case .stops(let stopped) = decision {
      stoppedCount += 1
      return Measured(
        accuracy: stopped.accuracy, throughput: throughput, meanLoss: stopped.meanLoss,
        imageCount: stopped.imageCount)
    }
    let images = Double(problem.imageCount)
    let accuracy = Double(results.reduce(0) { $0 + $1.correct.populationCount }) / images
    let objectives = [-accuracy, -throughput]
    if archive.insert(Individual(id: id, genome: genome, objectives: objectives)) {
      members[id] = EarlyStopping.Member(objectives: objectives, results: results)
    }
    var summedLoss: Double? = 0
    for result in results {
      summedLoss = summedLoss.flatMap { sum in result.summedLoss.map { sum + $0 } }
    }
    return Measured(
      accuracy: accuracy, throughput: throughput, meanLoss: summedLoss.map { $0 / images },
      imageCount: nil)
  }
}
