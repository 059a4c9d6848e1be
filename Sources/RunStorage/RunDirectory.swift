import Glibc
import ModelFiles

/// The folder of a run and the names of the files that this module keeps in it.
package struct RunDirectory: Hashable, Sendable {
  /// The folder's path.
  package let path: String

  /// Creates the description of a folder that may not exist yet.
  package init(path: String) {
    self.path = path
  }

  package var journalPath: String { file("journal.sqlite") }
  /// The file whose lock says that a coordinator runs here.
  package var lockPath: String { file("coordinator.lock") }
  /// What workers need to join; exists while a coordinator runs.
  package var connectionFilePath: String { file("connection.json") }
  /// The log of the coordinator.
  package var logPath: String { file("elsa.log") }

  /// Returns the path of a file in the folder.
  package func file(_ name: String) -> String { path + "/" + name }

  /// Creates the folder for this user alone unless it exists.
  ///
  /// - Throws: ``RunStorageError``: it cannot be made, is another user's, or others can write into
  ///   it.
  package func create() throws(RunStorageError) { try create(path) }

  /// Creates a folder of the run, such as one within the run directory, for this user alone.
  package func create(_ folder: String) throws(RunStorageError) {
    do throws(FolderFault) {
      try PrivateFolder.create(folder)
    } catch {
      throw RunStorageError(error)
    }
  }

  /// Checks that a folder of the run is still this user's alone to write into.
  ///
  /// - Throws: ``RunStorageError/exposedFolder(path:reason:)`` if it is not; other errors if it
  ///   cannot be looked at.
  package func check(_ folder: String) throws(RunStorageError) {
    do throws(FolderFault) {
      try PrivateFolder.check(folder)
    } catch {
      throw RunStorageError(error)
    }
  }

  /// Writes a file of the run in one step, for its owner alone.
  ///
  /// - Parameter isSynced: whether to wait for the disk; not for what can be made again.
  package func write(
    _ content: [UInt8], to path: String, syncing isSynced: Bool = true
  ) throws(RunStorageError) {
    do throws(ModelFileError) {
      let file = try AtomicFile(path: path)
      try file.write(content.span, at: 0)
      try file.commit(syncing: isSynced)
    } catch {
      throw RunStorageError(error, path: path)
    }
  }
}
