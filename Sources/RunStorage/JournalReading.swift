import Foundation
import GRDB
import SparsityCore
import WireProtocol

/// What is read from a journal's file within one access, the same for writers and readers.
///
/// Whatever a damaged file holds, reading ends in a ``RunStorageError``.
struct JournalReading {
  let database: Database
  let path: String

  /// Reads the file at `path` that is open as `database`.
  init(_ database: Database, path: String) {
    self.database = database
    self.path = path
  }

  /// Returns the records from `sequence` on, at most `countMax` of them, in order.
  func records(from sequence: Int, countMax: Int) throws -> [JournalRecord] {
    let sql = """
      SELECT sequence, content, digest FROM records WHERE sequence >= ? ORDER BY sequence LIMIT ?
      """
    let statement = try database.cachedStatement(sql: sql)
    let rows = try Row.fetchCursor(statement, arguments: [sequence, countMax])
    var records: [JournalRecord] = []
    while let row = try rows.next() {
      let next = sequence + records.count
      guard row.column(0, as: Int.self) == next else {
        throw RunStorageError.damagedRecord(path: path, sequence: next, diagnostic: "it is missing")
      }
      records.append(try record(in: row, at: next))
    }
    return records
  }

  /// Returns all records about some candidates but their results, in order.
  ///
  /// - Complexity: O(*c* log *n*) for *c* candidates and *n* records.
  func records(about candidates: Set<CandidateID>) throws -> [JournalRecord] {
    guard !candidates.isEmpty else { return [] }
    let sql = """
      SELECT sequence, content, digest FROM records WHERE candidate = ? AND kind <> 'shard'
      ORDER BY sequence
      """
    let statement = try database.cachedStatement(sql: sql)
    var records: [JournalRecord] = []
    for candidate in candidates.sorted() {
      let rows = try Row.fetchCursor(statement, arguments: [candidate.rawValue])
      while let row = try rows.next() { records.append(try self.record(in: row)) }
    }
    return records
  }

  /// Returns the keys whose results count no more, each with the place of its record, in order.
  ///
  /// - Complexity: O(*s* log *n*) for *s* sessions and *n* records.
  func discards() throws -> [(sequence: Int, key: DiscardedKey)] {
    let rows = try Row.fetchCursor(database, sql: JournalFormat.discardQuery)
    var discards: [(sequence: Int, key: DiscardedKey)] = []
    while let row = try rows.next() {
      guard let sequence = row.column(0, as: Int.self), sequence >= 0,
        case .discarded(let key) = try record(in: row, at: sequence)
      else {
        throw RunStorageError.corrupt(
          path: path, diagnostic: "a record is of another kind than it says")
      }
      discards.append((sequence, key))
    }
    return discards
  }

  /// Whether a key with a name has delivered some result.
  func holdsResults(ofKey name: String) throws -> Bool {
    let sql = "SELECT 1 FROM records WHERE kind = 'shard' AND detail = ? LIMIT 1"
    return try Int.fetchOne(database, sql: sql, arguments: [name]) != nil
  }

  /// Returns the record of a row whose columns are place, content and digest.
  func record(in row: Row) throws -> JournalRecord {
    guard let sequence = row.column(0, as: Int.self), sequence >= 0 else {
      throw RunStorageError.corrupt(path: path, diagnostic: "a record has no place")
    }
    return try record(in: row, at: sequence)
  }

  /// Returns the record of a row whose columns are place, content and digest.
  private func record(in row: Row, at sequence: Int) throws -> JournalRecord {
    func damage(_ diagnostic: String) -> RunStorageError {
      .damagedRecord(path: path, sequence: sequence, diagnostic: diagnostic)
    }
    guard let content = row.column(1, as: Data.self) else { throw damage("it has no content") }
    let bytes = [UInt8](content)
    let digest = JournalFormat.digest(sequence: sequence, content: bytes)
    guard row.column(2, as: Int64.self) == digest else {
      throw damage("its bytes are not those that were written")
    }
    do throws(WireError) {
      return try JournalRecord(decoding: bytes)
    } catch {
      throw damage("\(error)")
    }
  }

  /// Returns the snapshot, or `nil` if there is none.
  ///
  /// - Parameter recordCountMax: the records of the journal, or `nil` for as many as there are.
  /// - Throws: ``RunStorageError``, above all
  ///   ``RunStorageError/damagedSnapshot(path:diagnostic:)``.
  func snapshot(recordCountMax: Int? = nil) throws -> JournalSnapshot? {
    func damage(_ diagnostic: String) -> RunStorageError {
      .damagedSnapshot(path: path, diagnostic: diagnostic)
    }
    guard try JournalFormat.hasSnapshot(database) else { return nil }
    let sql = "SELECT record_count, term, digest, content FROM snapshots WHERE place = 0"
    guard let row = try Row.fetchOne(database, sql: sql) else { return nil }
    guard let count = row.column(0, as: Int.self),
      let term = row.column(1, as: Int64.self).flatMap({ UInt32(exactly: $0) }),
      let digest = row.column(2, as: Int64.self), let content = row.column(3, as: Data.self)
    else { throw damage("its columns have other types") }
    let found = try recordCountMax ?? recordCount()
    guard count > 0, count <= found else {
      throw damage("it stands for \(count) records, the journal has \(found)")
    }
    let bytes = [UInt8](content)
    guard digest == JournalFormat.digest(sequence: count, content: bytes) else {
      throw damage("its bytes are not those that were written")
    }
    return JournalSnapshot(recordCount: count, term: Term(term), content: bytes)
  }

  /// Returns the number of records, told by the place of the last.
  func recordCount() throws -> Int {
    let last = try Int.fetchOne(database, sql: "SELECT max(sequence) FROM records") ?? -1
    guard (-1..<WireLimits.recordCountMax).contains(last) else {
      throw RunStorageError.corrupt(path: path, diagnostic: "a record has the place \(last)")
    }
    return last + 1
  }
}
