import WireProtocol

extension Reception {
  /// What a reception is told.
  package enum Event: Sendable {
    /// A message has arrived.
    case arrived(Arrival)
    /// The messages of this turn were taken; `isEmpty` says whether none is left.
    case read(isEmpty: Bool)
    /// A worker could not be sent to, because no connection leads to it.
    case notReached(WorkerID)
    /// Some peer is about to connect.
    case handshakeSeen
    /// Some connection has ended.
    case connectionEnded
    /// A connection was ended by this side; `key` is the one that its peer has shown, if any.
    case connectionCut(ConnectionEndReason, key: String?)
    /// A peer was not let in at all, for want of a key that is allowed.
    case keptOut(address: String)
    /// Other keys than before may connect.
    case keysChanged(PeerKeys)
    /// The process, the store, or a thread beside has something to tell the coordinator.
    case coordinator(Coordinator.Event)
    /// The time of ``Reception/nextDeadline`` has come, or any other time.
    case ticked
    /// The run has ended; comes last.
    case concluded
  }

  /// What a reception asks for; effects are performed in order.
  package enum Effect: Hashable, Sendable {
    /// Send a message to a worker, by a connection if that is known; if no connection leads to it,
    /// tell ``Event/notReached(_:)``.
    case send(Envelope, to: WorkerID, by: ConnectionID?)
    /// Send an operator an answer.
    case answer(Envelope, to: Peer)
    /// Send an operator the status of the run, with so many workers at most.
    case reportStatus(workerCountMax: Int, to: Peer)
    /// End a connection as soon as its peer had time to read what it was sent.
    case endConnection(ConnectionID)
    /// End the connections of all peers that have shown other keys than these.
    case endConnections(allBut: PeerKeys)
    /// Write a batch (see ``Coordinator/Effect/persist(_:)``).
    case persist(JournalBatch)
    /// Have the search think (see ``Coordinator/Effect/propose(_:)``).
    case propose(ProposalRequest)
    /// Write a snapshot (see ``Coordinator/Effect/snapshot(_:)``).
    case snapshot(CoordinatorSnapshot)
    /// Look up the run's files for a worker whose session a key has opened.
    case serve(InputMessage, to: WorkerID, key: String?)
    /// Start a worker with the coordinator's own key (see ``Coordinator/Effect/startAuditor``).
    case startAuditor
    /// Take up a notification, and tell it unless its key has caused more than its share.
    case notify(Coordinator.Notification, isTold: Bool)
    /// Tell something besides.
    case tell(Notice)
    /// The run is over (see ``Coordinator/Effect/finish(_:)``).
    case finish(Coordinator.Ending)
  }
}

/// What a reception has turned away.
package struct ReceptionCounters: Hashable, Sendable {
  /// Messages of keys that are not allowed, any more or at all.
  package var notAllowed = 0
  /// Sessions that were not opened, because their key has enough or opens them too fast.
  package var turnedAway = 0
  /// Messages that claim a session which another key has opened.
  package var mismatchedKeys = 0
}

extension Arrival {
  /// Decodes the message.
  func envelope() throws(WireError) -> Envelope {
    guard frames.count == 1, !isTruncated else {
      let diagnostic = "are \(isTruncated ? "more than one" : "missing")"
      throw .invalidField(name: "frames", diagnostic: diagnostic)
    }
    return try Envelope(decoding: frames[0])
  }
}
