import Glibc

/// What tells a file from another one that takes its name.
struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64

  /// Returns the identity of the file that has a name now, or `nil` if there is none or it cannot
  /// be looked at.
  init?(ofFileAt path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
  }

  /// Whether a look at a name says anything: that a file is there, or that none is.
  static func isKnown(at path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 || errno == ENOENT || errno == ENOTDIR
  }
}
