import Foundation
import RunStorage
import TextReports

/// A run directory in which this process alone may write.
///
/// Anyone who writes a file of a run needs one, so nothing of a run is written without the lock.
package struct LockedRunDirectory {
  /// The names of the files.
  package let files: RunDirectory
  /// The right to write.
  package let lock: DirectoryLock

  /// Takes the lock of a folder, which is created unless it exists.
  ///
  /// - Throws: ``RunStorage/RunStorageError``: another coordinator holds it.
  package init(_ files: RunDirectory) throws(RunStorageError) {
    self.files = files
    self.lock = try DirectoryLock(of: files)
  }

  /// Writes a file of the run in one step: readers see the old content or the new one.
  ///
  /// - Parameter isSynced: whether to wait for the disk; not for what can be made again.
  package func write(_ content: Data, to path: String, syncing isSynced: Bool = true) throws {
    do {
      try files.write([UInt8](content), to: path, syncing: isSynced)
    } catch {
      throw ExplainedError(
        "\(error)",
        nextStep: "check that the disk has room and the folder is writable")
    }
  }

  /// Creates a folder within the run directory, for this user alone.
  package func create(_ folder: String) throws { try files.create(folder) }

  /// Removes a file of the run, if it is there.
  package func remove(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw ExplainedError("cannot remove \(path): \(error.localizedDescription)")
    }
  }
}
