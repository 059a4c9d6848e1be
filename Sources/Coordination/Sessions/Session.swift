import SparsityCore
import WireProtocol

/// What a coordinator knows about one life of a worker process.
package struct Session: Sendable {
  package let worker: WorkerID
  /// The name of the key that has opened the session, or `nil` without encryption.
  package let key: String?
  /// Whether the worker only measures again what others have measured.
  package let isAuditor: Bool
  /// The worker's name for users.
  package let label: String
  /// What the worker has in hand, and how much more it could take.
  package var load: WorkerLoad
  /// When the worker was heard, and what it said that it holds.
  package var contact: WorkerContact
  /// When the worker leaves, if it has said so.
  package var departure = WorkerDeparture()
  /// What it has shown that it can do.
  package var standing = WorkerStanding()
  /// How long evaluations take here.
  package var pace = Pace(countMax: 9)
  /// What the worker is kept apart for, if anything.
  package var isolation: Isolation?
  /// Where it waits for a lease.
  package var queue = QueuePlace()

  /// Creates the session of a worker that was heard of just now.
  package init(
    worker: WorkerID, key: String? = nil, isAuditor: Bool = false, label: String, slots: Int,
    heardAt: Instant
  ) {
    self.worker = worker
    self.key = key
    self.isAuditor = isAuditor
    self.label = label
    load = WorkerLoad(slots: slots)
    contact = WorkerContact(heardAt: heardAt)
  }

  /// The leases that the worker could take now, for at most `limit` leases in all.
  package func spare(limit: Int) -> Int {
    isolation == nil && !isAuditor ? load.spare(limit: limit) : 0
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
