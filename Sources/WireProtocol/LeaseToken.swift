import SparsityCore

/// What proves that a session was given a shard to evaluate: a keyed hash that the coordinator
/// computes and the worker sends back, unseen by others where the connection is encrypted.
public struct LeaseToken: Hashable, Sendable {
  /// The bits of the hash.
  public let bits: UInt128

  /// The size of a token in bytes.
  public static let size = 16

  /// The token of nothing: what a peer sends that knows of none.
  public static let absent = LeaseToken(bits: 0)

  /// Creates a token.
  public init(bits: UInt128) {
    self.bits = bits
  }

  /// Creates a token of the first bytes of a hash.
  public init(_ hash: ContentHash) {
    self.init(littleEndian: hash.bytes.prefix(Self.size))
  }

  /// The bytes, the least significant first.
  var bytes: [UInt8] {
    (0..<Self.size).map { UInt8(truncatingIfNeeded: bits >> UInt128(8 * $0)) }
  }

  private init(littleEndian bytes: some Collection<UInt8>) {
    bits = bytes.reversed().reduce(0) { $0 << 8 | UInt128($1) }
  }

  /// Reads a token; no bytes are the absent one.
  ///
  /// - Throws: ``WireError/invalidField(name:words:)`` for another number of bytes.
  init(wire bytes: [UInt8]) throws(WireError) {
    guard bytes.isEmpty || bytes.count == Self.size else {
      throw .invalidField(name: "token", words: "has \(bytes.count) bytes")
    }
    self.init(littleEndian: bytes)
  }
}
