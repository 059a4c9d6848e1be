import Foundation
import GRDB
import WireProtocol

/// A journal open for reading only, also while a coordinator writes it.
public final class JournalReader: Sendable {
  /// The journal's file.
  public let path: String

  private let queue: DatabaseQueue

  /// Opens the journal of a run directory.
  ///
  /// - Throws: ``RunStorageError``: no journal there, damaged, foreign or newer file.
  public init(of directory: RunDirectory) throws(RunStorageError) {
    let path = directory.journalPath
    guard FileManager.default.fileExists(atPath: path) else {
      throw .cannotOpen(path: path, reason: "no run has been started in this folder")
    }
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(5)
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.read { database in try JournalFormat.check(database, path: path) }
      self.queue = queue
    } catch {
      throw RunStorageError(error, operation: "open", path: path)
    }
    self.path = path
  }

  /// Reads the records from the place `sequence` on (zero: all), in order.
  public func records(from sequence: Int = 0) throws(RunStorageError) -> [JournalRecord] {
    precondition(sequence >= 0)
    var records: [JournalRecord] = []
    do {
      _ = try queue.read { database in
        try JournalFormat.forEachRecord(database, path: path, from: sequence) {
          records.append($0)
        }
      }
    } catch {
      throw RunStorageError(error, operation: "read", path: path)
    }
    return records
  }

  /// Makes a ``checkIntegrity()`` that is under way on another thread end with an error.
  ///
  /// - Precondition: no records are being read.
  public func interruptCheck() { queue.interrupt() }

  /// Looks for damage in the structure of the whole file.
  public func checkIntegrity() throws(RunStorageError) {
    do {
      // One statement needs no transaction, whose end must not be interrupted.
      try queue.unsafeRead { database in
        try JournalFormat.checkIntegrity(database, path: path)
      }
    } catch {
      throw RunStorageError(error, operation: "check", path: path)
    }
  }
}
