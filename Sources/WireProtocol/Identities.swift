import SparsityCore

/// The identity of a run: 64 bits drawn when its journal is created.
public struct RunID: Hashable, Sendable {
  /// The drawn bits; never zero, which stands for "no run yet" in a header.
  public let rawValue: UInt64

  /// Creates an identity, or returns `nil` for zero.
  public init?(_ rawValue: UInt64) {
    guard rawValue != 0 else { return nil }
    self.rawValue = rawValue
  }
}

extension RunID: CustomStringConvertible {
  /// The identity as 16 hexadecimal digits.
  public var description: String { hexadecimal(rawValue) }
}

/// The number of a coordinator's life within its run: one, and one more at each start.
public struct Epoch: Hashable, Sendable {
  /// The number of starts of the coordinator, this one included.
  public let rawValue: UInt32

  /// Creates an epoch.
  public init(_ rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The epoch of a peer that has not heard of any coordinator.
  public static let none = Epoch(0)

  /// The epoch behind which there is no other.
  public static let last = Epoch(.max)

  /// The epoch of the next start.
  public var next: Epoch { Epoch(rawValue + 1) }
}

extension Epoch: Comparable {
  /// Orders epochs by time.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension Epoch: CustomStringConvertible {
  /// The number.
  public var description: String { "\(rawValue)" }
}

/// The identity of one life of a worker process: 64 bits drawn at its start.
///
/// A restarted worker is a new session. The bits name the worker's socket too, see
/// ``routingIdentity``.
public struct WorkerID: Hashable, Sendable {
  /// The drawn bits.
  public let rawValue: UInt64

  /// Creates an identity.
  public init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// Reads the identity from a routing frame, or returns `nil` for a frame of another form.
  public init?(routingIdentity bytes: some Collection<UInt8>) {
    guard bytes.count == 9, bytes.first == Self.routingMark else { return nil }
    self.rawValue = bytes.dropFirst().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The nine bytes by which sockets route to this worker: a mark and the identity.
  public var routingIdentity: [UInt8] {
    [Self.routingMark] + (0..<8).map { UInt8(truncatingIfNeeded: rawValue >> (56 - 8 * $0)) }
  }

  /// The first byte of a routing identity; ZeroMQ keeps identities that begin with zero.
  private static let routingMark = UInt8(ascii: "W")
}

extension WorkerID: Comparable {
  /// Orders sessions by their bits, for orders that must not depend on chance.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension WorkerID: CustomStringConvertible {
  /// The second half of the identity, as 8 hexadecimal digits.
  ///
  /// Whoever knows the whole can take the session's route, so no log and no status shows it.
  public var description: String { String(hexadecimal(rawValue).suffix(8)) }
}

/// The identity of a shard: a candidate and the index of a slice of the search set.
public struct ShardID: Hashable, Sendable {
  /// The candidate that is evaluated.
  public let candidate: CandidateID
  /// The index of the slice, from zero.
  public let slice: Int

  /// Creates the identity of a shard.
  public init(candidate: CandidateID, slice: Int) {
    precondition(slice >= 0)
    self.candidate = candidate
    self.slice = slice
  }
}

extension ShardID: Comparable {
  /// Orders shards by candidate, then by slice.
  public static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.candidate == rhs.candidate ? lhs.slice < rhs.slice : lhs.candidate < rhs.candidate
  }
}

extension ShardID: CustomStringConvertible {
  /// Candidate and slice, as in `#12/0`.
  public var description: String { "\(candidate)/\(slice)" }
}

/// The content hash that names a shard's result: equal keys have equal results.
public struct ShardKey: Hashable, Sendable {
  /// The hash of everything that the result depends on.
  public let hash: ContentHash

  /// Creates a key.
  public init(_ hash: ContentHash) {
    self.hash = hash
  }
}

extension ShardKey: CustomStringConvertible {
  /// The first digits of the hash.
  public var description: String { hash.abbreviated }
}

/// Returns `bits` as 16 hexadecimal digits.
private func hexadecimal(_ bits: UInt64) -> String {
  let digits = String(bits, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
