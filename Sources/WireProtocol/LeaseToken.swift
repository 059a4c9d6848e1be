import SparsityCore

/// What proves that a session was given a shard to evaluate: a keyed hash that the coordinator
/// computes and the worker sends back, unseen by others where the connection is encrypted.
package struct LeaseToken: Hashable, Sendable {
  /// The bits of the hash.
  package let bits: UInt128

  /// The size of a token in bytes.
  package static let size = 16

  /// The token of nothing: what a peer sends that knows of none.
  package static let absent = LeaseToken(bits: 0)

  package init(bits: UInt128) {
    self.bits = bits
  }

  /// Creates a token of the first bytes of a hash.
  package init(_ hash: ContentHash) {
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
  /// - Throws: ``WireError/invalidField(name:diagnostic:)`` for another number of bytes.
  init(wire bytes: [UInt8]) throws(WireError) {
    guard bytes.isEmpty || bytes.count == Self.size else {
      throw .invalidField(name: "token", diagnostic: "has \(bytes.count) bytes")
    }
    self.init(littleEndian: bytes)
  }
}
