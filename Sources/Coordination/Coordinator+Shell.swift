import SparsityCore
import WireProtocol

extension Coordinator {
  /// Puts a message that the shell says by itself into an envelope; it does not count as sent.
  package func envelope(of message: Message) -> Envelope { outbox.envelope(of: message) }

  package var sessionCount: Int { leases.sessions.count }

  /// Whether a worker waits until the arithmetic is chosen and durable.
  package func isWaiting(_ worker: WorkerID) -> Bool { life.isWaiting(worker) }

  /// What a worker does, as far as its last heartbeat tells; nothing without a session.
  package func burden(of worker: WorkerID) -> WorkerBurden {
    guard let session = leases.sessions[worker] else { return WorkerBurden() }
    var burden = WorkerBurden(
      slots: session.load.slots, leases: session.load.leases.count, keyName: session.key ?? "")
    for held in session.contact.held {
      guard case .running(let done) = held.state,
        leases.ledger.slices.indices.contains(held.shard.slice)
      else { continue }
      let count = leases.ledger.slices[held.shard.slice].count
      burden.imagesDone += min(done, count)
      burden.imagesLeased += count
    }
    return burden
  }

  /// The candidates that were set aside because they cannot be evaluated, in order of proposal.
  package var quarantinedCandidates: [CandidateID] { driver.quarantinedCandidates }

  /// Whether a peer evaluates something.
  package var isWorking: Bool { leases.ledger.leasedCount > 0 }
}

/// What a worker does.
package struct WorkerBurden: Hashable, Sendable {
  /// The evaluations that it runs at once.
  package var slots = 0
  /// The leases that it holds.
  package var leases = 0
  /// The name of its key; empty without encryption.
  package var keyName = ""
  /// The images that are done in the shards that it runs.
  package var imagesDone = 0
  /// The images of these shards.
  package var imagesLeased = 0
}
