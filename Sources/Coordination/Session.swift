import SparsityCore
import WireProtocol

/// What a coordinator knows about one life of a worker process.
package struct Session: Sendable {
  /// The session.
  package let worker: WorkerID
  /// The name of the key that has opened the session, or `nil` without encryption.
  package let key: String?
  /// Whether the worker only measures again what others have measured.
  package let isAuditor: Bool
  /// The worker's name for people.
  package var label: String
  /// The evaluations that the worker runs at once.
  package var slots: Int
  /// The version that both speak.
  package var version: ProtocolVersion
  /// The leases that the worker wants to hold at once, as it last said.
  package var leaseCountMax = 0
  /// The leases, the oldest first: the first ones run.
  package private(set) var leases: [ShardID] = []
  /// Whether the worker has finished something.
  package var isProven = false
  /// Whether the worker has not taken a shard whose result is known.
  package var ignoresControls = false
  /// What the worker is kept apart for, if anything.
  package var isolation: Isolation?
  /// Whether the worker measures a shard again that another key has measured.
  package var hasSpotCheck = false
  /// Whether the worker has failed to measure a shard again.
  package private(set) var failsSpotChecks = false
  /// Shards that the worker said to evaluate without a lease.
  package var unleasedCount = 0
  /// Running shards whose leases have lapsed since the worker was last heard.
  package var lapsed: [ShardID] = []
  /// What has failed here since the last success.
  package var streak = FailureStreak()
  /// Whether the worker gave a lease back or let one lapse and has not asked since.
  package var isSatisfied = false
  /// Whether the session waits in the queue of those that could take a lease.
  package var isQueued = false
  /// The number of the queue, that of its key.
  package var queueIndex = 0
  /// What the worker held at its last heartbeat.
  package var held: [HeldShard] = []
  /// How long evaluations take here.
  package var pace = Pace(countMax: 9)
  /// Whether another worker was faster with a shard since the last result from here.
  package var isBeaten = false
  /// When the worker will have left, if it has said so.
  package var endsAt: Instant?
  /// The sequence of the last message that said so or denied it.
  package var endSequence: UInt64 = 0
  /// Whether the worker has said that it takes no more work and leaves.
  package var isLeaving = false
  /// When the worker was last heard.
  package var heardAt: Instant
  /// When what the worker holds has last changed.
  package var advancedAt: Instant

  /// Creates the session of a worker that was heard of just now.
  package init(
    worker: WorkerID, key: String? = nil, isAuditor: Bool = false, label: String, slots: Int,
    version: ProtocolVersion, heardAt: Instant
  ) {
    self.worker = worker
    self.key = key
    self.isAuditor = isAuditor
    self.label = label
    self.slots = slots
    self.version = version
    self.heardAt = heardAt
    advancedAt = heardAt
  }

  /// Takes note of another lease.
  package mutating func add(_ shard: ShardID) { leases.append(shard) }

  /// Takes note that a lease has ended, if there is one.
  package mutating func drop(_ shard: ShardID) { leases.removeAll { $0 == shard } }

  /// Lets the worker measure no shard again.
  package mutating func endSpotChecks() { failsSpotChecks = true }

  /// How often slots must become free before the turn of another lease comes: zero for at once.
  package var nextTurn: Int { inHandCount / slots }

  /// The shards that the worker has, as far as is known.
  private var inHandCount: Int { leases.count + unleasedCount + (hasSpotCheck ? 1 : 0) }

  /// Takes note of the time that the worker says to have left; delayed messages change nothing.
  package mutating func take(_ remainingMilliseconds: Int?, sequence: UInt64, at now: Instant) {
    guard sequence >= endSequence else { return }
    endSequence = sequence
    endsAt = remainingMilliseconds.map { now + .milliseconds($0) }
  }

  /// Whether the worker will have left at some time, as it has said.
  package func isLeaving(at time: Instant) -> Bool {
    isLeaving || endsAt.map { $0 <= time } ?? false
  }

  /// Whether the worker evaluates nothing, as far as is known.
  package var isFree: Bool { inHandCount == 0 }

  /// The leases that the worker could take now, for at most `limit` leases in all.
  package func spare(limit: Int) -> Int {
    guard !isSatisfied, isolation == nil, !isAuditor else { return 0 }
    return max(0, min(leaseCountMax, limit * slots) - inHandCount)
  }
}

/// Why a worker gets nothing beside what it has.
package enum Isolation: Hashable, Sendable {
  /// It is to try a suspect as soon as it has nothing else.
  case reserved(CandidateID)
  /// It evaluates a shard whose result is known before it tries a suspect.
  case control(Control)
  /// It tries a suspect; ends with its lease.
  case trial(CandidateID)

  /// The suspect for which the worker is kept.
  package var reservation: CandidateID? {
    switch self {
    case .reserved(let candidate): candidate
    case .control(let control): control.candidate
    case .trial: nil
    }
  }

  /// What it evaluates although the result is known.
  package var control: Control? {
    if case .control(let control) = self { control } else { nil }
  }
}

/// A shard whose result is known, with a worker that is to show that it can finish something.
package struct Control: Hashable, Sendable {
  /// The shard.
  package let grant: LeaseGrant
  /// The suspect that the worker tries next.
  package let candidate: CandidateID
  /// When it was sent first.
  package let startedAt: Instant
  /// When it was last sent.
  package var sentAt: Instant
  /// How often it was sent.
  package var sendCount = 1
}
