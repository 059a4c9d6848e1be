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

  /// The file.
  let path: String
  private let descriptor: Int32

  /// Takes a lock, or returns `nil` if somebody else holds it.
  init?(path: String, mode: Mode) throws(InputError) {
    while true {
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
      if unsafe fstat(descriptor, &held) == 0, unsafe stat(path, &named) == 0,
        held.st_ino == named.st_ino, held.st_dev == named.st_dev
      {
        self.path = path
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
  }

  deinit { close(descriptor) }

  /// Shares a lock that was held alone; returns whether it is still held.
  package func share() -> Bool { flock(descriptor, LOCK_SH | LOCK_NB) == 0 }

  /// Removes the file of a lock that is held alone.
  func remove() { _ = unsafe unlink(path) }
}
