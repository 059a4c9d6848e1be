import Glibc

/// A lock that processes of a machine hold on a file: alone, or together with others.
///
/// The file is made when it is missing; the system gives the lock back when its holder ends,
/// however it ends.
package final class FileLock: Sendable {
  /// How a lock is held.
  package enum Mode: Sendable {
    /// Nobody else holds it.
    case alone
    /// Others may hold it in this way, too.
    case together

    fileprivate var operation: Int32 {
      switch self {
      case .alone: LOCK_EX
      case .together: LOCK_SH
      }
    }
  }

  let path: String
  private let descriptor: Int32

  /// How often a lock's file may be removed under the hands of who takes it.
  private static let attemptCountMax = 1_000

  /// Takes a lock, or returns `nil` if another peer holds it.
  init?(path: String, mode: Mode) throws(InputError) {
    for _ in 0..<Self.attemptCountMax {
      let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0 else { throw .cannotWrite(path: path, errno: errno) }
      guard flock(descriptor, mode.operation | LOCK_NB) == 0 else {
        let code = errno
        close(descriptor)
        if code == EWOULDBLOCK || code == EINTR { return nil }
        throw .cannotWrite(path: path, errno: code)
      }
      // A file that its last holder has removed is nobody's lock.
      var held = stat()
      var named = stat()
      if unsafe fstat(descriptor, &held) == 0, unsafe lstat(path, &named) == 0,
        held.st_ino == named.st_ino, held.st_dev == named.st_dev
      {
        self.path = path
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
    throw .cannotUse(path: path, reason: "it is removed whenever it is locked")
  }

  deinit { close(descriptor) }

  /// Shares a lock that was held alone; returns whether it is still held.
  package func share() -> Bool { flock(descriptor, LOCK_SH | LOCK_NB) == 0 }

  /// Removes the file of a lock that is held alone.
  func remove() throws(InputError) { try unlinkCached(path) }
}

/// Removes a file of the cache, which may be gone already.
func unlinkCached(_ path: String) throws(InputError) {
  guard unsafe unlink(path) == 0 || errno == ENOENT else {
    throw .cannotWrite(path: path, errno: errno)
  }
}
