import Foundation
import RunStorage

/// A run directory in which this process alone may write.
///
/// Whoever writes a file of a run needs one, so nothing of a run is written without the lock.
struct LockedRunDirectory {
  /// The names of the files.
  let files: RunDirectory
  /// The right to write.
  let lock: DirectoryLock

  /// Takes the lock of a folder, which is created unless it exists.
  ///
  /// - Throws: ``RunStorageError``: another coordinator holds it.
  init(_ files: RunDirectory) throws(RunStorageError) {
    self.files = files
    self.lock = try DirectoryLock(of: files)
  }

  /// Writes a file of the run in one step: readers see the old content or the new one.
  ///
  /// - Parameter isSynced: whether to wait for the disk; not for what can be made again.
  func write(_ content: Data, to path: String, syncing isSynced: Bool = true) throws {
    do {
      try files.write([UInt8](content), to: path, syncing: isSynced)
    } catch {
      throw CommandFailure(
        "\(error)",
        nextStep: "check that the disk has room and the folder is writable")
    }
  }

  /// Creates a folder within the run directory, for this user alone.
  func create(_ folder: String) throws { try files.create(folder) }

  /// Removes a file of the run, if it is there.
  func remove(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw CommandFailure("cannot remove \(path): \(error.localizedDescription)")
    }
  }
}
