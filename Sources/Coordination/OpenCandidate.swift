import AcceleratorModel
import EvolutionarySearch
import SparsityCore
import WireProtocol

/// The right of one worker to evaluate one shard until a deadline.
package struct Lease: Hashable, Sendable {
  /// Who holds the lease.
  package let worker: WorkerID
  /// When the lease expires unless it is extended.
  package var deadline: Instant
  /// When the lease was last sent to the worker.
  package var sentAt: Instant
  /// When the worker got the shard.
  package var givenAt: Instant
  /// How often the worker's slots had to become free before this shard's turn: zero for at once.
  package let turn: Int

  package init(worker: WorkerID, deadline: Instant, sentAt: Instant, givenAt: Instant, turn: Int) {
    self.worker = worker
    self.deadline = deadline
    self.sentAt = sentAt
    self.givenAt = givenAt
    self.turn = turn
  }
}

/// Where a shard is; it is in exactly one of these places.
package enum ShardState: Hashable, Sendable {
  /// Whether it is measured depends on what the slices before it say.
  case unplanned
  /// Its candidate's proposal is not durable yet.
  case unrecorded
  /// It waits for a worker.
  case pending
  /// A worker has it, and a second one if the first takes too long.
  case leased(Lease, backup: Lease? = nil)
  /// Its result is on the way to the store; the reporters have sent it, the others had it then.
  case persisting(reporters: [WorkerID], others: [WorkerID])
  /// Its result is durable.
  case done(DoneShard)
}

/// What is kept of a shard's durable result.
package struct DoneShard: Hashable, Sendable {
  /// What was measured; the loss may be missing if an older program has journaled it.
  package let measurement: ShardMeasurement
  /// What was measured of costs, where the run wants it.
  package let measuredCosts: MeasuredCosts
  /// The name of the key that delivered it; empty without encryption.
  package let keyName: String

  package init(
    measurement: ShardMeasurement, measuredCosts: MeasuredCosts = MeasuredCosts(),
    keyName: String
  ) {
    self.measurement = measurement
    self.measuredCosts = measuredCosts
    self.keyName = keyName
  }

  /// The images classified correctly.
  package var correctCount: Int { measurement.correct.populationCount }
}

/// A candidate between its proposal and its evaluation.
package struct OpenCandidate: Sendable {
  package let candidate: Candidate
  /// Its exact cost.
  package let cost: Cost
  /// The keys of its shards.
  package let keys: [ShardKey]
  /// Where its shards are.
  package var shards: [ShardState]
  /// How often each shard was leased.
  package var leaseCounts: [Int]
  /// The shards that are measured as far as is known: the first ones.
  package var plannedCount: Int
  /// The planned shards that are not done.
  package var remainingCount: Int
  /// What each slice has given, once its result is on the way to the store.
  package var results: [SliceResult?]
  /// What is believed of it, if its evaluation ends before all of its shards are measured.
  package var stopped: StoppedEvaluation?
  /// What was believed before more was planned after all, as long as nothing more is measured: no
  /// record tells of it.
  package var reopened: StoppedEvaluation?
  /// The failed evaluations of each worker.
  package var failures: [WorkerID: Int] = [:]
  /// Whether an evaluation has failed; until then, workers that take too long are to blame.
  package var hasFailed = false
  /// Whether workers were lost over it, so that its shards are tried one at a time.
  package var isSuspected = false
  /// Its pending shards while it is suspected.
  package var parked: [ShardID] = []
}

extension ShardState {
  /// The leases of the shard, the older first.
  package var leases: [Lease] {
    guard case .leased(let first, let backup) = self else { return [] }
    return backup.map { [first, $0] } ?? [first]
  }

  /// Whether the shard's result is durable.
  package var isDone: Bool {
    if case .done = self { true } else { false }
  }
}
