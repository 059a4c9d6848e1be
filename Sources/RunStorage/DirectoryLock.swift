import Foundation

/// The exclusive right of one process to write in a run directory; it ends with the process.
///
/// Take it before anything of a run is written.
package final class DirectoryLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock of a folder, which is created unless it exists, or says who holds it.
  ///
  /// - Throws: ``RunStorageError``: in use, or no permission.
  package init(of directory: RunDirectory) throws(RunStorageError) {
    try directory.create()
    let path = directory.lockPath
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw .cannotOpen(path: path, reason: RunStorageError.diagnostic(errno: errno))
    }
    guard Self.lock(descriptor) else {
      let code = errno
      let holder = Self.text(in: descriptor)
      close(descriptor)
      if code == EWOULDBLOCK {
        throw .inUse(path: directory.path, holder: holder.isEmpty ? "unknown" : holder)
      }
      throw .failed(operation: "lock", path: path, reason: RunStorageError.diagnostic(errno: code))
    }
    self.descriptor = descriptor
    let holder = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n".utf8)
    // The text only helps users; a lock without it is a lock.
    ftruncate(descriptor, 0)
    _ = unsafe pwrite(descriptor, holder, holder.count, 0)
  }

  deinit { close(descriptor) }

  /// Gives the right away before the value ends.
  func release() { flock(descriptor, LOCK_UN) }

  /// Returns what the holder wrote about itself.
  static func text(in descriptor: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = unsafe pread(descriptor, &buffer, buffer.count, 0)
    let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
