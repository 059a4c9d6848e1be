import AcceleratorModel
import Coordination
import EvolutionarySearch
import NetworkArchitectures
import SparsityCore
import Testing
import WireProtocol

/// A run of two shards a candidate over a model of four layers.
struct TestRun {
  var settings: CoordinatorSettings
  /// The genomes of later candidates, once known.
  var genomes: [CandidateID: Genome] = [:]
  let inputs: PreparedInputs
  let worker: WorkerSettings

  init(evaluations: Int = 2) throws {
    let shape = try TransformerShape(
      imageSize: 8, patchSize: 4, channels: 1, width: 16, depth: 1, heads: 2, hiddenWidth: 32,
      classes: 4)
    let patterns = try ["2:4", "4:4"].map { try #require(NMPattern($0)) }
    let space = SearchSpace(layers: shape.network.prunableLayers, patterns: patterns)
    let costs = try CostModel(network: shape.network, space: space, profile: .systolic32, batch: 1)
    let hashes = try (0..<4).map { number in
      try #require(ContentHash(bytes: Array(repeating: UInt8(number), count: 32)))
    }
    let description = RunDescription(
      run: try #require(RunID(7)), model: RunInput(path: "model", content: hashes[0]),
      configuration: RunInput(path: "config", content: hashes[1]),
      data: RunInput(path: "data", content: hashes[2]), imageCount: 4, bank: hashes[3],
      criterion: "magnitude", space: space,
      numerics: Numerics(precision: .f32, kernelTable: 1, instructionSet: .avx2, forwardBatch: 4),
      accelerator: "systolic32", acceleratorBatch: 1, objectives: [.accuracy, .throughput],
      costNames: Cost.wireNames, shuffleSeed: 1, shardSize: 2)
    settings = CoordinatorSettings(
      description: description,
      search: SearchSettings(
        populationSize: 4, evaluationCountMax: evaluations, seed: 1, algorithm: .nsga2,
        objectiveCount: 2, initial: space.uniformGenomes),
      model: CandidateModel(cost: { costs.cost(of: $0) }), referencePoint: [0, 0],
      settingsText: "test")
    inputs = PreparedInputs(
      space: space, model: hashes[0], data: hashes[2], imageCount: 4, bank: hashes[3])
    worker = WorkerSettings(
      worker: WorkerID(1), jitterSeed: 1, label: "a", build: "test", slots: 1,
      instructionSet: .avx2, precisions: [.f32], kernelTable: 1,
      giveUpTimeout: .seconds(60))
  }

  var run: RunID { settings.description.run }

  /// Returns the genome of one of the first two candidates or of a known one.
  func genome(of candidate: CandidateID) -> Genome {
    let initial = settings.search.initial
    return genomes[candidate] ?? initial[candidate.rawValue % initial.count]
  }

  func key(of shard: ShardID) -> ShardKey {
    ShardKeys(description: settings.description)
      .key(of: genome(of: shard.candidate), slice: settings.description.slices[shard.slice])
  }

  /// The token of a session's lease.
  func token(of shard: ShardID, for worker: WorkerID) -> LeaseToken {
    LeaseTokens(secret: settings.tokenSecret).token(of: key(of: shard), for: worker)
  }

  func grant(of shard: ShardID) -> LeaseGrant {
    LeaseGrant(
      shard: shard, slice: settings.description.slices[shard.slice],
      genome: genome(of: shard.candidate), key: key(of: shard), attempt: 0,
      token: token(of: shard, for: worker.worker))
  }

  /// What every evaluation finds out: the first image is correct.
  var evaluation: Evaluation {
    var correct = BitVector(count: 2)
    correct[0] = true
    return Evaluation(
      measurement: ShardMeasurement(correct: correct, summedLoss: 1.5), costs: [],
      microseconds: 1_000)
  }

  func result(of shard: ShardID, from worker: WorkerID) -> ShardResult {
    ShardResult(
      shard: shard, key: key(of: shard), measurement: evaluation.measurement,
      costs: settings.model.cost(genome(of: shard.candidate)).wireValues,
      evaluationMicroseconds: evaluation.microseconds, token: token(of: shard, for: worker))
  }
}
