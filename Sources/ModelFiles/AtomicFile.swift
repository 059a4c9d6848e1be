import Glibc
import SparsityCore
import Synchronization

/// A file that appears under its name only when it is complete and on disk.
///
/// Bytes go to a temporary file in the same folder, which is synced and renamed by
/// ``commit(syncing:)``. A file that is not committed is removed. Only its owner can read it unless
/// another mode is given: what it holds may be derived from what is private.
package final class AtomicFile {
  /// The file's final place.
  package let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  private var isOpen = true
  /// The temporary files of this process.
  private static let unfinished = Mutex<Set<String>>([])

  /// Creates the temporary file beside `path`.
  ///
  /// - Parameter mode: the file's rights, whatever the process takes away from new files.
  package init(path: String, mode: UInt16 = 0o600) throws(ModelFileError) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(path[...$0]) } ?? ""
    let name = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
    guard !name.isEmpty else { throw .cannotWrite(path: path, reason: "it names a folder") }
    for attempt in 0..<1000 {
      let temporaryPath = "\(folder).\(name).\(getpid())-\(attempt).partial"
      let descriptor = unsafe open(
        temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o600))
      if descriptor < 0, errno == EEXIST { continue }
      guard descriptor >= 0 else { throw writeFailure(path: path, neededBytes: 0) }
      guard mode == 0o600 || fchmod(descriptor, mode_t(mode)) == 0 else {
        let failure = writeFailure(path: path, neededBytes: 0)
        close(descriptor)
        _ = unsafe unlink(temporaryPath)
        throw failure
      }
      self.path = path
      self.temporaryPath = temporaryPath
      self.descriptor = descriptor
      Self.unfinished.withLock { _ = $0.insert(temporaryPath) }
      return
    }
    throw .cannotWrite(path: path, reason: "too many partial files lie beside it; remove them")
  }

  deinit {
    Self.unfinished.withLock { _ = $0.remove(temporaryPath) }
    guard isOpen else { return }
    close(descriptor)
    _ = unsafe unlink(temporaryPath)
  }

  /// Removes what this process has not finished, before it ends in the middle of its work.
  package static func removeUnfinished() {
    // The lock is kept: no other thread begins a file that would be left.
    unfinished.withLock { paths in
      for path in paths { _ = unsafe unlink(path) }
    }
  }

  /// Writes bytes at an offset; bytes between, never written, are zero.
  package func write(_ bytes: Span<UInt8>, at offset: Int) throws(ModelFileError) {
    precondition(isOpen)
    try writeAll(bytes, to: descriptor, at: offset, path: path)
  }

  /// Gives the file its name, replacing what had it, and brings bytes and name to disk.
  ///
  /// - Parameter isSynced: whether to wait for the disk; not for what can be made again.
  package func commit(syncing isSynced: Bool = true) throws(ModelFileError) {
    precondition(isOpen)
    guard !isSynced || fsync(descriptor) == 0 else {
      throw writeFailure(path: path, neededBytes: 0)
    }
    isOpen = false
    guard close(descriptor) == 0 else {
      let failure = writeFailure(path: path, neededBytes: 0)
      _ = unsafe unlink(temporaryPath)
      throw failure
    }
    guard unsafe rename(temporaryPath, path) == 0 else {
      let failure = writeFailure(path: path, neededBytes: 0)
      _ = unsafe unlink(temporaryPath)
      throw failure
    }
    if isSynced { try syncFolder(of: path) }
  }
}

/// Brings the name of a file to disk: without it a file that was renamed may be gone after a power
/// failure.
package func syncFolder(of path: String) throws(ModelFileError) {
  let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
  let folder = unsafe open(
    slash.map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard folder >= 0 else { throw writeFailure(path: path, neededBytes: 0) }
  defer { close(folder) }
  // Some network file systems cannot sync folders; they answer EINVAL.
  guard fsync(folder) == 0 || errno == EINVAL else {
    throw writeFailure(path: path, neededBytes: 0)
  }
}

/// Writes all bytes at an offset of an open file, however often the system takes only a part.
package func writeAll(
  _ bytes: Span<UInt8>, to descriptor: Int32, at offset: Int, path: String
) throws(ModelFileError) {
  var written = 0
  while written < bytes.count {
    let count = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe pwrite(
        descriptor, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written,
        off_t(offset + written))
    }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { throw writeFailure(path: path, neededBytes: bytes.count - written) }
    written += count
  }
}

/// The error for the number that the last system call left.
private func writeFailure(path: String, neededBytes: Int) -> ModelFileError {
  let number = errno
  if number == ENOSPC || number == EDQUOT {
    return .diskFull(path: path, neededBytes: neededBytes)
  }
  return .cannotWrite(path: path, reason: systemErrorText(number))
}
