import AcceleratorModel
import Coordination
import EvolutionarySearch
import NetworkArchitectures
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// A run of two shards a candidate over a model of four layers.
struct TestRun {
  var settings: CoordinatorSettings
  /// The genomes of later candidates, once known.
  var genomes: [CandidateID: Genome] = [:]
  let inputs: PreparedInputs
  let worker: WorkerSettings

  init(evaluations: Int = 2) throws {
    let run = try ExampleRun()
    settings = run.settings(populationSize: 4, evaluations: evaluations)
    let description = run.description
    inputs = PreparedInputs(
      space: run.space, model: description.model?.content, data: description.data?.content,
      imageCount: description.imageCount, bank: description.bank.content)
    worker = WorkerSettings(
      worker: WorkerID(1), jitterSeed: 1, label: "a", build: "test", slots: 1,
      offers: [ExampleBackend.offer()],
      giveUpTimeout: .seconds(60))
  }

  var run: RunID { settings.description.run }

  /// A table without candidates and sessions.
  var leaseTable: LeaseTable {
    LeaseTable(
      slices: settings.description.slices, tokens: LeaseTokens(secret: []), leasesPerSlotMax: 2,
      leaseDuration: .seconds(4))
  }

  /// Adds a candidate to a table; its shards wait until its proposal is durable.
  func open(_ candidate: Candidate, in table: inout LeaseTable) {
    let keys = ShardKeys(description: settings.description)
    table.insert(
      candidate, cost: settings.model.cost(candidate.genome),
      keys: keys.keys(of: candidate.genome, slices: settings.description.slices))
  }

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
