import CSodium
import SparsityCore

/// Computes a ``SparsityCore/ContentHash`` (SHA-256) of bytes that arrive piece by piece.
package struct ContentHasher: Sendable {
  private var state: crypto_hash_sha256_state

  /// Creates a hasher of no bytes.
  package init() {
    var state = crypto_hash_sha256_state()
    unsafe crypto_hash_sha256_init(&state)
    self.state = state
  }

  /// Adds bytes.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes.
  package mutating func update(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      _ = unsafe crypto_hash_sha256_update(&state, start, UInt64(buffer.count))
    }
  }

  /// Adds the UTF-8 bytes of a text and its size, so that adjacent texts cannot run together.
  package mutating func update(_ text: String) {
    let bytes = Array(text.utf8)
    update(UInt64(bytes.count))
    update(bytes.span)
  }

  /// Adds the eight bytes of a number, least significant first.
  package mutating func update(_ number: UInt64) {
    unsafe withUnsafeBytes(of: number.littleEndian) { bytes in
      guard let start = unsafe bytes.bindMemory(to: UInt8.self).baseAddress else { return }
      _ = unsafe crypto_hash_sha256_update(&state, start, UInt64(bytes.count))
    }
  }

  /// Adds the bytes of another hash.
  package mutating func update(_ hash: ContentHash) {
    update(hash.bytes.span)
  }

  /// Returns the hash of all bytes added so far; more may be added afterwards.
  package func finalized() -> ContentHash {
    var state = state
    var digest = [UInt8](repeating: 0, count: ContentHash.size)
    unsafe crypto_hash_sha256_final(&state, &digest)
    guard let hash = ContentHash(bytes: digest) else { preconditionFailure("SHA-256 is 32 bytes") }
    return hash
  }
}

extension ContentHash {
  /// Creates the hash of some bytes.
  ///
  /// - Complexity: O(*n*), where *n* is the number of bytes.
  package init(of bytes: Span<UInt8>) {
    var hasher = ContentHasher()
    hasher.update(bytes)
    self = hasher.finalized()
  }
}
