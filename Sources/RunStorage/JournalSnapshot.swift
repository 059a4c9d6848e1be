import Foundation
import GRDB
import WireProtocol

/// The snapshot that a journal's file holds besides its records.
public struct JournalSnapshot: Hashable, Sendable {
  /// The records that it stands for: the first so many.
  public let recordCount: Int
  /// The epoch of the coordinator that has made it.
  public let epoch: Epoch
  /// Its bytes.
  public let content: [UInt8]

  /// Creates a snapshot.
  public init(recordCount: Int, epoch: Epoch, content: [UInt8]) {
    precondition(recordCount > 0)
    self.recordCount = recordCount
    self.epoch = epoch
    self.content = content
  }
}

extension Journal {
  /// Reads the snapshot, or returns `nil` if there is none.
  ///
  /// - Throws: ``RunStorageError``, above all
  ///   ``RunStorageError/damagedSnapshot(path:words:)``; the records are of use all the same.
  public func snapshot() throws(RunStorageError) -> JournalSnapshot? {
    try look { database in
      try JournalReading(database, path: path).snapshot(recordCountMax: recordCount)
    }
  }

  /// Puts a snapshot in the place of the last one, and returns when it is on the disk.
  ///
  /// - Parameters:
  ///   - snapshot: stands for no more records than the journal has.
  ///   - time: the wall clock's time, for people only.
  public func replaceSnapshot(
    with snapshot: JournalSnapshot, writtenAt time: Date
  ) throws(RunStorageError) {
    precondition(snapshot.recordCount <= recordCount, "a snapshot of records that are not there")
    try transact { database in
      try countStatement()
      let content = snapshot.content
      try database.cachedStatement(sql: JournalFormat.snapshotInsertion).execute(
        arguments: [
          snapshot.recordCount, Int(snapshot.epoch.rawValue), Self.text(of: time),
          Data(content),
          JournalFormat.digest(sequence: snapshot.recordCount, content: content),
        ])
    }
  }
}
