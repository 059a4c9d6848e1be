import Foundation
import GRDB
import WireProtocol

/// The snapshot that a journal's file holds besides its records.
package struct JournalSnapshot: Hashable, Sendable {
  /// The records that it stands for: the first so many.
  package let recordCount: Int
  /// The term of the coordinator that has made it.
  package let term: Term
  /// Its bytes.
  package let content: [UInt8]

  package init(recordCount: Int, term: Term, content: [UInt8]) {
    precondition(recordCount > 0)
    self.recordCount = recordCount
    self.term = term
    self.content = content
  }
}

extension Journal {
  /// Reads the snapshot, or returns `nil` if there is none.
  ///
  /// - Throws: ``RunStorageError``, above all
  ///   ``RunStorageError/damagedSnapshot(path:diagnostic:)``; the records are of use all the same.
  package func snapshot() throws(RunStorageError) -> JournalSnapshot? {
    try look { database in
      try JournalReading(database, path: path).snapshot(recordCountMax: recordCount)
    }
  }

  /// Puts a snapshot in the place of the last one, and returns when it is on the disk.
  ///
  /// - Parameters:
  ///   - snapshot: stands for no more records than the journal has.
  ///   - time: the wall clock's time, for users only.
  package func replaceSnapshot(
    with snapshot: JournalSnapshot, writtenAt time: Date
  ) throws(RunStorageError) {
    precondition(snapshot.recordCount <= recordCount, "a snapshot of records that are not there")
    try transact { database in
      try countStatement()
      let content = snapshot.content
      try database.cachedStatement(sql: JournalFormat.snapshotInsertion).execute(
        arguments: [
          snapshot.recordCount, Int(snapshot.term.rawValue), Self.text(of: time),
          Data(content),
          JournalFormat.digest(sequence: snapshot.recordCount, content: content),
        ])
    }
  }
}
