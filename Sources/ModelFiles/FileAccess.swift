import ContentHashing
import Glibc
import SparsityCore

/// The words for the error number that the last system call left.
package func systemErrorText(_ number: Int32 = errno) -> String {
  unsafe String(cString: strerror(number))
}

/// An open file descriptor that is closed at the end of its life.
package struct FileDescriptor: ~Copyable {
  package let rawValue: Int32

  /// Takes over an open descriptor.
  package init(owning rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// Opens a regular file for reading.
  package static func reading(_ path: String) throws(ModelFileError) -> FileDescriptor {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotRead(path: path, reason: systemErrorText()) }
    let file = FileDescriptor(owning: descriptor)
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .cannotRead(path: path, reason: systemErrorText())
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw .cannotRead(path: path, reason: isFolder ? "it is a folder" : "it is no regular file")
    }
    return file
  }

  deinit { close(rawValue) }

  /// The size of the file in bytes.
  package func size(path: String) throws(ModelFileError) -> Int {
    var status = stat()
    guard unsafe fstat(rawValue, &status) == 0 else {
      throw .cannotRead(path: path, reason: systemErrorText())
    }
    return Int(status.st_size)
  }

  /// Reads into `buffer` and returns the bytes read: fewer than asked for only at the end.
  package func read(into buffer: inout [UInt8], path: String) throws(ModelFileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe Glibc.read(
          rawValue, bytes.baseAddress.map { unsafe $0 + filled }, bytes.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .cannotRead(path: path, reason: systemErrorText()) }
      if count == 0 { break }
      filled += count
    }
    return filled
  }
}

/// Returns all bytes of a file that has at most `limitBytes`.
package func readFile(_ path: String, limitBytes: Int) throws(ModelFileError) -> [UInt8] {
  let file = try FileDescriptor.reading(path)
  let size = try file.size(path: path)
  guard size <= limitBytes else {
    throw .tooLarge(path: path, bytes: size, limitBytes: limitBytes)
  }
  var bytes = [UInt8](repeating: 0, count: size)
  let count = try file.read(into: &bytes, path: path)
  guard count == size else {
    throw .truncated(path: path, neededBytes: size, availableBytes: count)
  }
  return bytes
}

/// Returns the SHA-256 of a file's bytes, read piece by piece.
///
/// - Complexity: O(*n*), where *n* is the size of the file; 1 MiB of memory.
package func contentHash(ofFileAt path: String) throws(ModelFileError) -> ContentHash {
  let file = try FileDescriptor.reading(path)
  var hasher = ContentHasher()
  var buffer = [UInt8](repeating: 0, count: 1 << 20)
  while true {
    let count = try file.read(into: &buffer, path: path)
    hasher.update(buffer.span.extracting(first: count))
    if count < buffer.count { return hasher.finalized() }
  }
}

/// The bytes of a file, mapped into memory for reading until the last reference goes.
///
/// Pages are read when they are touched and shared by all processes of a machine. A file that is
/// cut short while it is mapped ends the process with SIGBUS; files are therefore replaced by
/// renaming, as ``AtomicFile`` does, and never rewritten in place.
// Sendable, because the pages are mapped read-only and nothing changes after init.
@safe
package final class MappedFile: @unchecked Sendable {
  private let start: UnsafeRawPointer?
  /// The number of bytes.
  package let count: Int

  /// Maps a file.
  package init(path: String) throws(ModelFileError) {
    let file = try FileDescriptor.reading(path)
    let size = try file.size(path: path)
    self.count = size
    guard size > 0 else {
      unsafe self.start = nil
      return
    }
    let address = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, file.rawValue, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .cannotRead(path: path, reason: "mapping failed: \(systemErrorText())")
    }
    unsafe self.start = UnsafeRawPointer(address)
  }

  deinit {
    if let start = unsafe start { unsafe munmap(UnsafeMutableRawPointer(mutating: start), count) }
  }

  /// Lends the file's bytes.
  package func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let buffer = unsafe UnsafeRawBufferPointer(start: start, count: count)
    let bytes = unsafe buffer.bindMemory(to: UInt8.self)
    return try unsafe body(bytes.span)
  }
}
