import Foundation

extension RunDirectory {
  /// Returns what the process that holds the directory's lock says of itself, `nil` if none does.
  ///
  /// A coordinator that starts in this very instant tries again, so that looking keeps nobody out.
  ///
  /// - Throws: ``RunStorageError``: the lock cannot be looked at.
  package func lockHolder() throws(RunStorageError) -> String? {
    let descriptor = unsafe open(lockPath, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .cannotOpen(path: lockPath, reason: RunStorageError.diagnostic(errno: errno))
    }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
    guard errno == EWOULDBLOCK else {
      let reason = RunStorageError.diagnostic(errno: errno)
      throw .failed(operation: "look at", path: lockPath, reason: reason)
    }
    let holder = DirectoryLock.text(in: descriptor)
    return holder.isEmpty ? "unknown" : holder
  }
}

extension DirectoryLock {
  private static let attemptCountMax = 5
  private static let attemptPauseSeconds = 0.02

  /// Takes the lock of an open file; tries again for a moment, in which a process may just look.
  static func lock(_ descriptor: Int32) -> Bool {
    for _ in 1..<attemptCountMax {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      guard errno == EWOULDBLOCK else { return false }
      Thread.sleep(forTimeInterval: attemptPauseSeconds)
    }
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }
}
