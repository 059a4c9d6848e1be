import AcceleratorModel
import EvolutionarySearch
import SparsityCore
import WireProtocol
import WorkerService

/// What a front is computed from: the records of a journal and the model they are about.
struct FrontSource {
  /// What the run computes.
  let description: RunDescription
  /// The model's name for reports.
  let modelName: String
  /// The exact cost of every genome of the run.
  let costs: CostModel

  /// Returns the source of the same run with all of its description known.
  func describing(_ description: RunDescription) -> FrontSource {
    FrontSource(description: description, modelName: modelName, costs: costs)
  }

  /// Uses the cost model of a prepared run.
  init(description: RunDescription, modelName: String, costs: CostModel) {
    self.description = description
    self.modelName = modelName
    self.costs = costs
  }

  /// Creates the cost model of a run from its description and the model's shape.
  init(description: RunDescription, modelName: String, shape: TransformerShape) throws {
    self.description = description
    self.modelName = modelName
    let space = SearchSpace(layers: shape.prunableLayers, patterns: description.patterns)
    self.costs = try computingCosts(of: modelName) {
      try CostModel(
        shape: shape, space: space, profile: description.acceleratorProfile(),
        batch: description.acceleratorBatch)
    }
  }

  /// The corner against which hypervolume is measured, in minimised objectives.
  var referencePoint: [Double] {
    ReferencePoint.minimized(of: description.objectives, dense: costs.denseCost)
  }

  /// Returns the report of a front with these points.
  fileprivate func report(
    points: [FrontReport.Point], evaluations: Int, quarantined: Int, hypervolume: Double
  ) -> FrontReport {
    let named = zip(description.objectives, referencePoint).map { objective, value in
      (objective.rawValue, objective.natural(value))
    }
    return FrontReport(
      model: modelName, accelerator: description.accelerator,
      acceleratorHash: costs.profile.contentHash.description, batch: description.acceleratorBatch,
      precision: description.numerics.precision.rawValue,
      instructionSet: description.numerics.instructionSet.rawValue,
      numerics: description.numerics.description, bankArithmetic: description.bankArithmetic,
      pruning: description.criterion,
      patterns: description.patterns.map(\.description),
      objectives: description.objectives.map(\.rawValue), evaluations: evaluations,
      quarantined: quarantined, hypervolume: hypervolume,
      referencePoint: Dictionary(uniqueKeysWithValues: named),
      denseThroughput: costs.denseCost.throughputImagesPerSecond, denseMacs: costs.denseCost.macs,
      points: points.sorted { ($1.accuracy, $1.throughput) < ($0.accuracy, $0.throughput) })
  }

  /// Returns what a report says about an evaluated genome.
  fileprivate func point(of genome: Genome, _ result: EvaluatedCandidate) -> FrontReport.Point {
    let cost = costs.cost(of: genome)
    let patterns = costs.space.patterns(of: genome)
    let layers = zip(costs.space.layers, patterns)
    let weights = layers.reduce(0) { $0 + $1.0.inputs * $1.0.outputs }
    let kept = layers.reduce(0) { $0 + $1.1.keptCount(ofInputs: $1.0.inputs) * $1.0.outputs }
    return FrontReport.Point(
      candidate: result.candidate.rawValue,
      genome: FrontReport.GenomeEntry(
        model: modelName,
        layers: Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $1.description) })),
      density: Double(kept) / Double(weights),
      accuracy: Double(result.correctCount) / Double(result.imageCount),
      correct: result.correctCount, images: result.imageCount,
      meanLoss: result.summedLoss / Double(result.imageCount),
      throughput: cost.throughputImagesPerSecond, latencyCycles: cost.latencyCycles,
      latencySeconds: cost.latencySeconds, macs: cost.macs,
      energyJoulesPerImage: cost.energyJoulesPerImage, weightBytes: cost.weightBytes,
      testAccuracy: nil)
  }
}

/// The front of a journal that is read from its beginning, record by record.
struct FrontBuilder {
  private let source: FrontSource
  private var genomes: [CandidateID: Genome] = [:]
  private var evaluated: [CandidateID: EvaluatedCandidate] = [:]
  private var archive = Archive()
  private var quarantinedCount = 0
  /// The number of records read so far.
  private(set) var recordCount = 0

  /// Creates the front of an empty journal.
  init(_ source: FrontSource) {
    self.source = source
  }

  /// Reads the next records.
  mutating func add(_ records: some Sequence<JournalRecord>) {
    for record in records {
      recordCount += 1
      switch record {
      case .born(let candidate, let genome):
        genomes[candidate] = genome
      case .evaluated(let result):
        guard let genome = genomes[result.candidate] else { continue }
        evaluated[result.candidate] = result
        let objectives = source.description.objectives
        let minimized = zip(objectives, result.objectives).map { $0.minimized($1) }
        archive.insert(Individual(id: result.candidate, genome: genome, objectives: minimized))
      case .quarantined:
        quarantinedCount += 1
      case .opened, .shardCompleted:
        break
      }
    }
  }

  /// The front so far.
  var report: FrontReport {
    let points = archive.individuals.compactMap { individual in
      evaluated[individual.id].map { source.point(of: individual.genome, $0) }
    }
    return source.report(
      points: points, evaluations: evaluated.count, quarantined: quarantinedCount,
      hypervolume: archive.hypervolume(referencePoint: source.referencePoint))
  }
}
