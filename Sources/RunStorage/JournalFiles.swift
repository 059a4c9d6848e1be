import Glibc

/// The journal's file and what SQLite keeps beside it, as other users meet them: not at all.
///
/// Anyone who can read the file can lock it, and so pause a run.
enum JournalFiles {
  /// What SQLite appends to the name for its own files; it gives them the rights of the first.
  private static let suffixes = ["", "-wal", "-shm"]

  /// Creates the journal's file for its owner alone if there is none, and takes the rights of
  /// others away from files that an older program has made.
  ///
  /// - Throws: ``RunStorageError``: a file is a link, or another user's.
  static func keepPrivate(_ path: String) throws(RunStorageError) {
    let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let descriptor = unsafe open(path, flags, 0o600)
    guard descriptor < 0 else {
      close(descriptor)
      return
    }
    guard errno == EEXIST else {
      throw .cannotOpen(path: path, reason: RunStorageError.diagnostic(errno: errno))
    }
    for suffix in suffixes { try restrict(path + suffix) }
  }

  // By name: a descriptor of the file would take SQLite's locks with it when it is closed.
  private static func restrict(_ path: String) throws(RunStorageError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .cannotOpen(path: path, reason: "it is a link or no file; put the file itself there")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else {
      throw .cannotOpen(path: path, reason: "it belongs to user \(status.st_uid)")
    }
    guard status.st_mode & 0o077 != 0 else { return }
    guard unsafe chmod(path, status.st_mode & 0o700) == 0 else {
      throw .cannotOpen(path: path, reason: RunStorageError.diagnostic(errno: errno))
    }
  }
}
