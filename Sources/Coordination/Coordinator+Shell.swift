import SparsityCore
import WireProtocol

extension Coordinator {
  /// Puts a message that the shell says by itself into an envelope; it does not count as sent.
  public func envelope(of message: Message) -> Envelope { outbox.envelope(of: message) }

  /// What a worker does, as far as its last heartbeat tells; nothing without a session.
  public func burden(of worker: WorkerID) -> WorkerBurden {
    guard let session = leases.sessions[worker] else { return WorkerBurden() }
    var burden = WorkerBurden(
      slots: session.slots, leases: session.leases.count, keyName: session.key ?? "")
    for held in session.held {
      guard case .running(let done) = held.state,
        leases.ledger.slices.indices.contains(held.shard.slice)
      else { continue }
      let count = leases.ledger.slices[held.shard.slice].count
      burden.imagesDone += min(done, count)
      burden.imagesLeased += count
    }
    return burden
  }

  /// The candidates that were set aside because they cannot be evaluated, in order of birth.
  public var quarantinedCandidates: [CandidateID] { driver.quarantinedCandidates }

  /// Whether somebody evaluates something.
  public var isWorking: Bool { leases.ledger.leasedCount > 0 }
}

/// What a worker does.
public struct WorkerBurden: Hashable, Sendable {
  /// The evaluations that it runs at once.
  public var slots = 0
  /// The leases that it holds.
  public var leases = 0
  /// The name of its key; empty without encryption.
  public var keyName = ""
  /// The images that are done in the shards that it runs.
  public var imagesDone = 0
  /// The images of these shards.
  public var imagesLeased = 0
}
