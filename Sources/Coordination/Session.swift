import SparsityCore
import WireProtocol

/// What a coordinator knows about one life of a worker process.
struct Session: Sendable {
  /// The session.
  let worker: WorkerID
  /// The name of the key that has opened the session, or `nil` without encryption.
  let key: String?
  /// Whether the worker only measures again what others have measured.
  let isAuditor: Bool
  /// The worker's name for people.
  var label: String
  /// The evaluations that the worker runs at once.
  var slots: Int
  /// The version that both speak.
  var version: ProtocolVersion
  /// The leases that the worker wants to hold at once, as it last said.
  var leaseCountMax = 0
  /// The leases, the oldest first: the first ones run.
  var leases: [ShardID] = []
  /// Whether the worker has finished something.
  var isProven = false
  /// Whether the worker has not taken a shard whose result is known.
  var ignoresControls = false
  /// What the worker is kept apart for, if anything.
  var isolation: Isolation?
  /// Whether the worker measures a shard again that another key has measured.
  var hasSpotCheck = false
  /// Whether the worker has failed to measure a shard again.
  fileprivate(set) var failsSpotChecks = false
  /// Shards that the worker said to evaluate without a lease.
  var unleasedCount = 0
  /// Running shards whose leases have lapsed since the worker was last heard.
  var lapsed: [ShardID] = []
  /// What has failed here since the last success.
  var streak = FailureStreak()
  /// Whether the worker gave a lease back or let one lapse and has not asked since.
  var isSatisfied = false
  /// Whether the session waits in the queue of those that could take a lease.
  var isQueued = false
  /// What the worker held at its last heartbeat.
  var held: [HeldShard] = []
  /// How long evaluations take here.
  var pace = Pace(countMax: 9)
  /// Whether another worker was faster with a shard since the last result from here.
  var isBeaten = false
  /// When the worker will have left, if it has said so.
  var endsAt: Instant?
  /// The sequence of the last message that said so or denied it.
  var endSequence: UInt64 = 0
  /// Whether the worker has said that it takes no more work and leaves.
  var isLeaving = false
  /// When the worker was last heard.
  var heardAt: Instant
  /// When what the worker holds has last changed.
  var advancedAt: Instant

  /// How often slots must become free before the turn of another lease comes: zero for at once.
  var nextTurn: Int { inHandCount / slots }

  /// The shards that the worker has, as far as is known.
  private var inHandCount: Int { leases.count + unleasedCount + (hasSpotCheck ? 1 : 0) }

  /// Takes note of the time that the worker says to have left; delayed messages change nothing.
  mutating func take(_ remainingMilliseconds: Int?, sequence: UInt64, at now: Instant) {
    guard sequence >= endSequence else { return }
    endSequence = sequence
    endsAt = remainingMilliseconds.map { now + .milliseconds($0) }
  }

  /// Whether the worker will have left at some time, as it has said.
  func isLeaving(at time: Instant) -> Bool { isLeaving || endsAt.map { $0 <= time } ?? false }

  /// Whether the worker evaluates nothing, as far as is known.
  var isFree: Bool { inHandCount == 0 }

  /// The leases that the worker could take now, for at most `limit` leases in all.
  func spare(limit: Int) -> Int {
    guard !isSatisfied, isolation == nil, !isAuditor else { return 0 }
    return max(0, min(leaseCountMax, limit * slots) - inHandCount)
  }
}

/// Why a worker gets nothing beside what it has.
enum Isolation: Hashable, Sendable {
  /// It is to try a suspect as soon as it has nothing else.
  case reserved(CandidateID)
  /// It evaluates a shard whose result is known before it tries a suspect.
  case control(Control)
  /// It tries a suspect; ends with its lease.
  case trial(CandidateID)

  /// The suspect for which the worker is kept.
  var reservation: CandidateID? {
    switch self {
    case .reserved(let candidate): candidate
    case .control(let control): control.candidate
    case .trial: nil
    }
  }

  /// What it evaluates although the result is known.
  var control: Control? {
    if case .control(let control) = self { control } else { nil }
  }
}

/// A shard whose result is known, with a worker that is to show that it can finish something.
struct Control: Hashable, Sendable {
  /// The shard.
  let grant: LeaseGrant
  /// The suspect that the worker tries next.
  let candidate: CandidateID
  /// When it was sent first.
  let startedAt: Instant
  /// When it was last sent.
  var sentAt: Instant
  /// How often it was sent.
  var sendCount = 1
}

/// Failed evaluations of one worker without a success between them.
struct FailureStreak: Sendable {
  /// The candidates whose evaluation has failed; the worker gets others first.
  var candidates: Set<CandidateID> = []
  /// How often the worker was turned away because of them.
  var turnAwayCount = 0
}

/// The sessions of a coordinator, and the queue of those that could take a lease.
struct SessionTable: Sendable {
  /// The leases of a worker for each of its slots.
  let leasesPerSlotMax: Int
  /// The leases that all workers could take now.
  private(set) var spareCount = 0
  /// The leases that all workers hold.
  private(set) var leaseCount = 0
  /// The slots of all workers.
  private(set) var slotCount = 0
  /// The sessions that only measure again what others have measured.
  private(set) var auditors: Set<WorkerID> = []
  private var sessions: [WorkerID: Session] = [:]
  /// The sessions of each key that have not failed to measure a shard again.
  private var keyCounts: [String: Int] = [:]
  private var queues: [String?: Turns<WorkerID>] = [:]
  /// The keys that have a queue, in the order of their turns.
  private var turns = Turns<String?>()

  /// Creates an empty table.
  init(leasesPerSlotMax: Int) {
    self.leasesPerSlotMax = leasesPerSlotMax
  }

  /// The leases for each slot that a worker may hold, those included that it brought along.
  var heldPerSlotMax: Int { max(2, leasesPerSlotMax) }

  /// The number of sessions.
  var count: Int { sessions.count }

  /// The names of the keys whose sessions can measure shards again.
  var keyNames: some Collection<String> { keyCounts.keys }

  /// The leases that a worker could take now.
  func spareCount(of worker: WorkerID) -> Int {
    sessions[worker]?.spare(limit: leasesPerSlotMax) ?? 0
  }

  /// The sessions in the order of their identities.
  var workers: [WorkerID] { sessions.keys.sorted() }

  /// The session of a worker.
  subscript(worker: WorkerID) -> Session? { sessions[worker] }

  /// Adds or replaces a session.
  mutating func insert(_ session: Session) {
    remove(session.worker)
    sessions[session.worker] = session
    count(session, sign: 1)
    if let key = session.key, !session.failsSpotChecks { keyCounts[key, default: 0] += 1 }
    if session.isAuditor { auditors.insert(session.worker) }
    enqueueIfSpare(session.worker)
  }

  /// Removes and returns a session.
  @discardableResult
  mutating func remove(_ worker: WorkerID) -> Session? {
    guard let session = sessions.removeValue(forKey: worker) else { return nil }
    count(session, sign: -1)
    if !session.failsSpotChecks { countDown(session.key) }
    auditors.remove(worker)
    return session
  }

  private mutating func countDown(_ key: String?) {
    guard let key, let count = keyCounts[key] else { return }
    keyCounts[key] = count > 1 ? count - 1 : nil
  }

  /// Lets a worker measure no shard again.
  mutating func endSpotChecks(of worker: WorkerID) {
    guard let session = sessions[worker], !session.failsSpotChecks else { return }
    sessions[worker]?.failsSpotChecks = true
    countDown(session.key)
  }

  /// Changes a session; does nothing if there is none.
  mutating func modify(_ worker: WorkerID, _ change: (inout Session) -> Void) {
    guard var session = sessions[worker] else { return }
    count(session, sign: -1)
    change(&session)
    if case .trial = session.isolation, session.leases.isEmpty { session.isolation = nil }
    count(session, sign: 1)
    sessions[worker] = session
    enqueueIfSpare(worker)
  }

  /// Returns the worker that has waited longest to take a lease, of the key whose turn it is, or
  /// `nil`: a key with many sessions gets no more turns than one with few.
  mutating func popSpare() -> WorkerID? {
    while let key = turns.popFirst() {
      while let worker = queues[key]?.popFirst() {
        guard var session = sessions[worker], session.isQueued, session.key == key
        else { continue }
        session.isQueued = false
        sessions[worker] = session
        guard session.spare(limit: leasesPerSlotMax) > 0 else { continue }
        turns.append(key)
        return worker
      }
      queues[key] = nil
    }
    return nil
  }

  /// Puts a worker back to the end of its key's queue if it could take another lease.
  mutating func enqueueIfSpare(_ worker: WorkerID) {
    guard let session = sessions[worker], !session.isQueued else { return }
    guard session.spare(limit: leasesPerSlotMax) > 0 else { return }
    let key = session.key
    // Entries of sessions that have left stay behind; they are thrown out when they abound.
    if let count = queues[key]?.count, count > 2 * sessions.count + 1024 {
      let sessions = sessions
      queues[key]?.compact { sessions[$0]?.isQueued == true && sessions[$0]?.key == key }
    }
    if queues[key] == nil { turns.append(key) }
    sessions[worker]?.isQueued = true
    // In place: the queue of a key may be long.
    queues[key, default: Turns()].append(worker)
  }

  private mutating func count(_ session: Session, sign: Int) {
    spareCount += sign * session.spare(limit: leasesPerSlotMax)
    leaseCount += sign * session.leases.count
    slotCount += sign * session.slots
  }

  /// Traps unless counts and queue agree with the sessions.
  ///
  /// - Complexity: O(*n*) for *n* sessions.
  func checkInvariants() {
    let all = sessions.values
    precondition(spareCount == all.reduce(0) { $0 + $1.spare(limit: leasesPerSlotMax) })
    precondition(leaseCount == all.reduce(0) { $0 + $1.leases.count })
    precondition(slotCount == all.reduce(0) { $0 + $1.slots })
    precondition(
      keyCounts.values.reduce(0, +) == all.count { $0.key != nil && !$0.failsSpotChecks })
    precondition(auditors == Set(all.filter(\.isAuditor).map(\.worker)))
    let queued = Set(queues.values.flatMap(\.elements))
    precondition(Set(turns.elements) == Set(queues.keys))
    precondition(turns.count == queues.count)
    for session in all {
      precondition(session.leases.count <= heldPerSlotMax * WireLimits.slotCountMax)
      precondition(Set(session.leases).count == session.leases.count)
      precondition(session.isQueued || session.spare(limit: leasesPerSlotMax) == 0)
      precondition(!session.isQueued || queued.contains(session.worker))
    }
  }
}
