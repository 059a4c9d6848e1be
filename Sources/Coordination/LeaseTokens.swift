import ContentHashing
import WireProtocol

/// Computes the tokens of a run's leases: only who knows the secret can, and equal leases have
/// equal tokens in every term, so that a result proves its lease without a record of it.
///
/// The secret lies in the journal, which belongs to its owner alone. A token is SHA-256 of the
/// secret, the session and the key of the shard, cut to 128 bits; the secret comes first and has a
/// fixed size, and what is cut off keeps anybody from continuing the hash.
package struct LeaseTokens: Sendable {
  private let start: ContentHasher

  /// Creates the tokens of a run.
  package init(secret: [UInt8]) {
    var hasher = ContentHasher()
    hasher.update(secret.span)
    hasher.update("elsa lease 1")
    start = hasher
  }

  /// Returns the token of a session's lease.
  package func token(of key: ShardKey, for worker: WorkerID) -> LeaseToken {
    var hasher = start
    hasher.update(worker.rawValue)
    hasher.update(key.hash)
    return LeaseToken(hasher.finalized())
  }

  /// Returns a number below one that only who knows the secret can tell from a shard's key: whether
  /// the shard is measured again.
  func draw(of key: ShardKey) -> Double {
    var hasher = start
    hasher.update("spot check")
    hasher.update(key.hash)
    let bits = hasher.finalized().bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Double(bits >> 11) * 0x1p-53
  }
}
