import Glibc

/// Why a folder cannot hold what is private.
package enum FolderFault: Error, Equatable {
  /// Others own the folder, or can write into it.
  case shared(path: String, reason: String)
  /// The system refuses.
  case failed(path: String, reason: String)
}

extension FolderFault: CustomStringConvertible {
  /// The fault as a sentence, with the next step.
  package var description: String {
    switch self {
    case .shared(let path, let reason): "\(path) is not this user's alone: \(reason)"
    case .failed(let path, let reason): "cannot use the folder \(path): \(reason)"
    }
  }
}

/// A folder for what only its owner may change: the owner is this user, and nobody else can write
/// into it, so that what lies in it was put there by this user.
package enum PrivateFolder {
  /// The rights of folders that are made.
  private static let mode: mode_t = 0o700

  /// Creates a folder that only this user can look into, and those missing above it; one that is
  /// there must be this user's.
  package static func create(_ path: String) throws(FolderFault) {
    if unsafe mkdir(path, mode) == 0 {
      try sync(path)
    } else if errno == ENOENT {
      var above = ""
      for part in path.split(separator: "/", omittingEmptySubsequences: false) {
        above += part.isEmpty && above.isEmpty ? "/" : above.hasSuffix("/") ? part : "/" + part
        // What is there already, or cannot be made, shows below.
        if unsafe mkdir(above, mode) == 0 { try sync(above) }
      }
    }
    try check(path)
  }

  /// Checks a folder that is there.
  ///
  /// A link to a folder is followed if this user or the system's administrator has made it.
  package static func check(_ path: String) throws(FolderFault) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { throw failure(path) }
    if status.st_mode & S_IFMT == S_IFLNK {
      guard isOwn(status) else {
        throw .shared(
          path: path,
          reason: "it is a link that user \(status.st_uid) has made; name the folder itself")
      }
      guard unsafe stat(path, &status) == 0 else { throw failure(path) }
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw .failed(path: path, reason: "it is no folder")
    }
    guard isOwn(status) else {
      throw .shared(
        path: path,
        reason: "it belongs to user \(status.st_uid), this process is user \(geteuid()); use a "
          + "folder of your own")
    }
    let others = status.st_mode & (S_IWGRP | S_IWOTH)
    guard others == 0 else {
      let who = others & S_IWOTH != 0 ? "everybody" : "its group"
      throw .shared(
        path: path,
        reason: "\(who) can write into it (mode \(String(status.st_mode & 0o7777, radix: 8))); "
          + "if nobody has, run `chmod go-w \(path)`, else use another folder")
    }
  }

  /// Whether this user or the administrator owns a file.
  private static func isOwn(_ status: stat) -> Bool {
    status.st_uid == geteuid() || status.st_uid == 0
  }

  /// Brings the name of a new folder to disk.
  private static func sync(_ path: String) throws(FolderFault) {
    do throws(ModelFileError) {
      try syncFolder(of: path)
    } catch {
      throw .failed(path: path, reason: "\(error)")
    }
  }

  private static func failure(_ path: String) -> FolderFault {
    .failed(path: path, reason: systemErrorText())
  }
}
