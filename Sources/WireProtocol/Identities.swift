import SparsityCore

/// The identity of a run: 64 bits drawn when its journal is created.
package struct RunID: Hashable, Sendable {
  /// The drawn bits; never zero, which stands for "no run yet" in a header.
  package let rawValue: UInt64

  /// Creates an identity, or returns `nil` for zero.
  package init?(_ rawValue: UInt64) {
    guard rawValue != 0 else { return nil }
    self.rawValue = rawValue
  }
}

extension RunID: CustomStringConvertible {
  /// The identity as 16 hexadecimal digits.
  package var description: String { hexadecimal(rawValue) }
}

/// The number of a coordinator's life within its run: one, and one more at each start.
package struct Term: Hashable, Sendable {
  /// The number of starts of the coordinator, this one included.
  package let rawValue: UInt32

  package init(_ rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The term of a peer that has not heard of any coordinator.
  package static let none = Term(0)

  /// The term behind which there is no other.
  package static let last = Term(.max)

  /// The term of the next start.
  package var next: Term { Term(rawValue + 1) }
}

extension Term: Comparable {
  /// Orders terms by time.
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension Term: CustomStringConvertible {
  /// The number.
  package var description: String { "\(rawValue)" }
}

/// The identity of one life of a worker process: 64 bits drawn at its start.
///
/// A restarted worker is a new session. The bits name the worker's socket too, see
/// ``routingIdentity``.
package struct WorkerID: Hashable, Sendable {
  /// The drawn bits.
  package let rawValue: UInt64

  /// Creates an identity.
  package init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// Reads the identity from a routing frame, or returns `nil` for a frame of another form.
  package init?(routingIdentity bytes: some Collection<UInt8>) {
    guard bytes.count == 9, bytes.first == Self.routingMark else { return nil }
    self.rawValue = bytes.dropFirst().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The nine bytes by which sockets route to this worker: a mark and the identity.
  package var routingIdentity: [UInt8] {
    [Self.routingMark] + (0..<8).map { UInt8(truncatingIfNeeded: rawValue >> (56 - 8 * $0)) }
  }

  /// The first byte of a routing identity; ZeroMQ keeps identities that begin with zero.
  private static let routingMark = UInt8(ascii: "W")
}

extension WorkerID: Comparable {
  /// Orders sessions by their bits, for orders that must not depend on chance.
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension WorkerID: CustomStringConvertible {
  /// The second half of the identity, as 8 hexadecimal digits.
  ///
  /// Anyone who knows the whole can take the session's route, so no log and no status shows it.
  package var description: String { String(hexadecimal(rawValue).suffix(8)) }
}

/// The identity of a shard: a candidate and the index of a slice of the search set.
package struct ShardID: Hashable, Sendable {
  /// The candidate that is evaluated.
  package let candidate: CandidateID
  /// The index of the slice, from zero.
  package let slice: Int

  /// Creates the identity of a shard.
  package init(candidate: CandidateID, slice: Int) {
    precondition(slice >= 0)
    self.candidate = candidate
    self.slice = slice
  }
}

extension ShardID: Comparable {
  /// Orders shards by candidate, then by slice.
  package static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.candidate == rhs.candidate ? lhs.slice < rhs.slice : lhs.candidate < rhs.candidate
  }
}

extension ShardID: CustomStringConvertible {
  /// Candidate and slice, as in `#12/0`.
  package var description: String { "\(candidate)/\(slice)" }
}

/// The content hash that names a shard's result: equal keys have equal results.
package struct ShardKey: Hashable, Sendable {
  /// The hash of everything that the result depends on.
  package let hash: ContentHash

  package init(_ hash: ContentHash) {
    self.hash = hash
  }
}

extension ShardKey: CustomStringConvertible {
  /// The first digits of the hash.
  package var description: String { hash.abbreviated }
}

/// Returns `bits` as 16 hexadecimal digits.
private func hexadecimal(_ bits: UInt64) -> String {
  let digits = String(bits, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
