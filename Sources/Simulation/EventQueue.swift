import Coordination
import WireProtocol

/// Something that happens at a virtual time.
enum Occurrence: Sendable {
  /// A frame reaches the coordinator.
  case arriveAtCoordinator([UInt8], from: WorkerID)
  /// A frame reaches a worker.
  case arriveAtWorker([UInt8], to: WorkerID)
  /// The transport tells the coordinator that a peer is gone.
  case noticeGone(WorkerID, coordinatorLife: Int)
  /// A worker's process connects.
  case connect(WorkerID, coordinatorLife: Int)
  /// The coordinator notices that a worker's connection has ended.
  case endLink(WorkerID, ConnectionID, coordinatorLife: Int)
  /// The coordinator ends a connection.
  case cutLink(WorkerID, ConnectionID, coordinatorLife: Int)
  /// A worker's connection breaks for a while.
  case breakLink(Int, pause: Int)
  /// The coordinator's loop stands still for a while.
  case stallCoordinator(pause: Int)
  /// An operator asks a worker to leave.
  case drainByName(Int)
  /// A stranger sends something.
  case intrude
  /// A peer speaks for another's session.
  case impersonate
  /// The holder of a key opens many sessions.
  case grab
  /// The coordinator wanted to be woken.
  case wakeCoordinator(life: Int)
  /// A worker wanted to be woken.
  case wakeWorker(WorkerID)
  /// A worker has loaded its inputs.
  case finishPreparation(WorkerID)
  /// A worker has come half-way through an evaluation.
  case progress(WorkerID, EvaluationTask, token: Int)
  /// A worker has finished an evaluation.
  case finishEvaluation(WorkerID, EvaluationTask, token: Int)
  /// A write has ended.
  case finishWrite(JournalBatch, coordinatorLife: Int)
  /// The search has found candidates.
  case finishThinking(ProposalRequest, coordinatorLife: Int)
  /// The write of a snapshot has ended.
  case finishSnapshot(CoordinatorSnapshot, coordinatorLife: Int)
  /// A worker process dies; it comes back unless the pause is `nil`.
  case crashWorker(Int, pause: Int?)
  /// A worker's process dies for reasons of its own; another comes in its place.
  case perish(WorkerID)
  /// A worker process starts.
  case startWorker(Int)
  /// A worker is asked to leave.
  case drainWorker(Int)
  /// A worker process stands still for a while.
  case freezeWorker(Int, pause: Int)
  /// A worker's evaluations never end from now on.
  case hangWorker(Int)
  /// The time that a worker's process was given is over.
  case endLifetime(WorkerID)
  /// A clock jumps ahead: a worker's, or the coordinator's.
  case jumpClock(worker: Int?, step: Int)
  /// The key of a worker is revoked.
  case revokeKey(Int)
  /// The coordinator dies.
  case crashCoordinator(pause: Int)
  /// The coordinator is asked to let all workers leave and to end.
  case drainCoordinator(pause: Int)
  /// The coordinator alone is asked to end.
  case stopCoordinator(pause: Int)
  /// The coordinator learns that no worker of its own can be had.
  case failAuditor(coordinatorLife: Int)
  /// The store can write again.
  case recoverStore(coordinatorLife: Int)
  case startCoordinator
  /// A peer sends bytes that are no message.
  case sendGarbage
  /// The holder of a key sends what no worker sends.
  case forge
  /// The faults end.
  case heal
}

/// Occurrences in the order of time; those of the same time in the order in which they were added.
struct EventQueue: Sendable {
  private struct Entry: Comparable, Sendable {
    let due: Int
    let sequence: Int
    let occurrence: Occurrence

    static func < (lhs: Self, rhs: Self) -> Bool {
      lhs.due == rhs.due ? lhs.sequence < rhs.sequence : lhs.due < rhs.due
    }

    static func == (lhs: Self, rhs: Self) -> Bool { lhs.sequence == rhs.sequence }
  }

  private var heap = MinimumHeap<Entry>()
  private var sequence = 0

  /// Adds an occurrence.
  mutating func add(_ occurrence: Occurrence, at due: Int) {
    heap.insert(Entry(due: due, sequence: sequence, occurrence: occurrence))
    sequence += 1
  }

  /// Removes and returns the next occurrence and its time.
  mutating func next() -> (due: Int, occurrence: Occurrence)? {
    heap.popMinimum().map { ($0.due, $0.occurrence) }
  }
}
