import SparsityCore
import WireProtocol

extension Coordinator {
  /// What a coordinator is told.
  package enum Event: Sendable {
    /// The process has started; comes first and once.
    case started
    /// A frame has arrived and could be decoded; `key` is the one that the peer has shown.
    case received(Envelope, from: WorkerID, key: String? = nil)
    /// A frame has arrived that could not be decoded; the sender is `nil` if it has no identity.
    case malformed(WireError, from: WorkerID?)
    /// The transport knows that a peer is gone: it has disconnected or cannot be reached.
    case unreachable(WorkerID)
    /// The keys of these peers are no longer allowed: their sessions end at once, and they are not
    /// to blame. All of a key come together, or one would be given what another leaves.
    case revoked([WorkerID])
    /// The store has made a batch durable.
    case persisted(firstSequence: Int)
    /// The store could not write a batch; nothing of it may be assumed durable.
    case persistFailed(firstSequence: Int, diagnostic: String)
    /// The store can write again; the next attempt need not wait.
    case storageRecovered
    /// The search has answered ``Effect/propose(_:)``.
    case proposed(ProposalAnswer)
    /// What a worker has asked for by ``Effect/serve(_:to:)`` is ready to be sent.
    case served(InputMessage, to: WorkerID)
    /// An operator asks for all that a key has delivered to be measured again.
    case discardRequested(keyName: String)
    /// No worker with the coordinator's own key can be had.
    case auditorFailed(diagnostic: String)
    /// An operator asks for the end of the work: no new leases, all workers leave.
    case drainRequested
    /// The system or a person asks the coordinator alone to end: workers wait for the next one.
    case stopRequested
    /// The time of ``Coordinator/nextDeadline`` has come, or any other time.
    case ticked
  }

  /// What a coordinator asks for; effects are performed in order.
  package enum Effect: Hashable, Sendable {
    /// Send a message; if the peer cannot be reached, tell ``Event/unreachable(_:)``.
    case send(Envelope, to: WorkerID)
    /// Write a batch, make it durable, then answer; there is one batch at a time.
    case persist(JournalBatch)
    /// Have the search think, away from everything that must not wait, and tell
    /// ``Event/proposed(_:)``; there is one request at a time.
    case propose(ProposalRequest)
    /// Put a snapshot in the place of the last one; all of its records are durable.
    ///
    /// There is no answer: without it a restart only takes longer.
    case snapshot(CoordinatorSnapshot)
    /// Look up the run's files for a worker that has a session; answer if and when it is possible.
    case serve(InputMessage, to: WorkerID)
    /// A worker has a session from here on.
    case sessionBegan(WorkerID, label: String)
    /// A worker's session is over, whatever has ended it; what users are told of that comes before.
    case sessionEnded(WorkerID)
    /// Start a worker with the coordinator's own key, and keep it until the coordinator ends; if
    /// that cannot be, tell ``Event/auditorFailed(diagnostic:)``.
    case startAuditor
    /// Tell users.
    case notify(Notification)
    /// The run is over and workers have been told; the process may end.
    case finish(Ending)
  }

  /// How a coordinator's work ends.
  package enum Ending: Hashable, Sendable {
    /// Every evaluation is durable.
    case completed
    /// The workers were asked to leave and have left; the run can be resumed.
    case drained
    /// The coordinator was asked to end; its workers wait until the run is resumed.
    case stopped
    /// The coordinator is to be restored from the journal and to go on at once: some results count
    /// no more.
    case restarting
  }

  /// Something that users should know.
  package enum Notification: Hashable, Sendable {
    case numericsChosen(Numerics, keys: String, workerCount: Int)
    case resumed(term: Term, evaluations: Int, shards: Int, from: RecoverySource)
    case workerJoined(WorkerID, label: String, slots: Int)
    case workerReturned(WorkerID, label: String, adoptedLeases: Int)
    case workerLeft(WorkerID, label: String, Farewell)
    case workerLost(WorkerID, label: String, leases: Int, diagnostic: String)
    case workerRefused(WorkerID, label: String, Refusal.Reason, diagnostic: String)
    case candidateEvaluated(EvaluatedCandidate, isOnFront: Bool)
    case candidateQuarantined(CandidateID, diagnostic: String)
    case evaluationRejected(ShardID, label: String, diagnostic: String)
    case resultsDisagree(ShardID, label: String, other: String)
    case resultsDiscarded(keyName: String, diagnostic: String)
    case keysDisagree(ShardID, keyNames: [String], diagnostic: String)
    case auditorFailed(diagnostic: String)
    case frontNotRepeated(count: Int)
    case storageFailing(diagnostic: String)
    case storageRecovered
    case draining
    case stopping(workerCount: Int)
    case restarting(workerCount: Int)
  }
}

/// What a coordinator was restored from.
package struct RecoverySource: Hashable, Sendable {
  /// The records that a snapshot has stood for, or zero without one.
  package var snapshotRecordCount: Int
  /// The records that were read, behind the snapshot or all of them.
  package var recordCount: Int

  package init(snapshotRecordCount: Int = 0, recordCount: Int = 0) {
    self.snapshotRecordCount = snapshotRecordCount
    self.recordCount = recordCount
  }
}

extension RecoverySource: CustomStringConvertible {
  /// What was read, as text.
  package var description: String {
    snapshotRecordCount == 0
      ? counted(recordCount, "record")
      : "a snapshot of \(counted(snapshotRecordCount, "record")) and "
        + "\(counted(recordCount, "record")) after it"
  }
}

/// Records for the journal, in order and numbered without gaps.
///
/// A batch may come again after a failure, with more records behind: writing is idempotent by
/// sequence.
package struct JournalBatch: Hashable, Sendable {
  /// The term of the coordinator that writes.
  package var term: Term
  /// The place in the journal of the first record, from zero.
  package var firstSequence: Int
  package var records: [JournalRecord]

  package init(term: Term, firstSequence: Int, records: [JournalRecord]) {
    precondition(firstSequence >= 0)
    precondition(!records.isEmpty)
    self.term = term
    self.firstSequence = firstSequence
    self.records = records
  }
}
