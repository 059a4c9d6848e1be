import ContentHashing
import SparsityCore

/// A safetensors file, checked when it is opened and mapped into memory while it is in use.
///
/// The format: <https://huggingface.co/docs/safetensors/index#format>. A file is refused unless
/// every byte after its header belongs to exactly one tensor.
package struct SafetensorsFile: Sendable {
  /// Where the file lies; for bytes in memory, the name given to them.
  package let path: String
  private let header: SafetensorsHeader
  private let storage: Storage

  /// Where the bytes are.
  private enum Storage: Sendable {
    case mapped(MappedFile)
    case bytes([UInt8])
  }

  /// Opens and checks a file.
  package init(path: String) throws(ModelFileError) {
    let file = try MappedFile(path: path)
    self.path = path
    self.header = try file.withBytes { (bytes) throws(ModelFileError) in
      try SafetensorsHeader(parsing: bytes, path: path)
    }
    self.storage = .mapped(file)
  }

  /// Checks the bytes of a file that is in memory; errors call it `name`.
  package init(bytes: [UInt8], name: String) throws(ModelFileError) {
    self.path = name
    self.header = try SafetensorsHeader(parsing: bytes.span, path: name)
    self.storage = .bytes(bytes)
  }

  /// The tensors by name.
  package var tensors: [String: TensorEntry] { header.tensors }

  package var names: [String] { header.tensors.keys.sorted() }

  /// The free texts of the file's `__metadata__`.
  package var metadata: [String: String] { header.metadata }

  /// The size of the file in bytes.
  package var size: Int {
    switch storage {
    case .mapped(let file): file.count
    case .bytes(let bytes): bytes.count
    }
  }

  /// Returns the SHA-256 of the whole file.
  ///
  /// - Complexity: O(*n*), where *n* is the size of the file.
  package func contentHash() -> ContentHash {
    withFileBytes { ContentHash(of: $0) }
  }

  /// Returns type, shape and place of a tensor.
  package func entry(_ name: String) throws(ModelFileError) -> TensorEntry {
    guard let entry = header.tensors[name] else { throw .unknownTensor(path: path, name: name) }
    return entry
  }

  /// Lends the bytes of a tensor; multi-byte elements are little-endian and may be unaligned.
  package func withBytes<Result>(
    of name: String, _ body: (Span<UInt8>) -> Result
  ) throws(ModelFileError) -> Result {
    let entry = try entry(name)
    return withBytes(of: entry, body)
  }

  /// Lends the bytes of a tensor of this file, found before.
  package func withBytes<Result, Failure: Error>(
    of entry: TensorEntry, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let begin = header.dataOffset + entry.byteRange.lowerBound
    let end = header.dataOffset + entry.byteRange.upperBound
    return try withFileBytes { (bytes) throws(Failure) in
      try body(bytes.extracting(begin..<end))
    }
  }

  private func withFileBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .mapped(let file): try file.withBytes(body)
    case .bytes(let bytes): try body(bytes.span)
    }
  }
}
