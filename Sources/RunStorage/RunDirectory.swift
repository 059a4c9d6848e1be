import Foundation

/// The folder of a run and the names of the files that this module keeps in it.
public struct RunDirectory: Hashable, Sendable {
  /// The folder's path.
  public let path: String

  /// Creates the description of a folder that may not exist yet.
  public init(path: String) {
    self.path = path
  }

  /// The journal.
  public var journalPath: String { file("journal.sqlite") }
  /// The file whose lock says that a coordinator runs here.
  public var lockPath: String { file("coordinator.lock") }
  /// What workers need to join; exists while a coordinator runs.
  public var connectionFilePath: String { file("connection.json") }
  /// The log of the coordinator.
  public var logPath: String { file("elsa.log") }

  /// Returns the path of a file in the folder.
  public func file(_ name: String) -> String { path + "/" + name }

  /// Creates the folder unless it exists.
  public func create() throws(RunStorageError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .cannotOpen(path: path, reason: error.localizedDescription)
    }
  }
}
