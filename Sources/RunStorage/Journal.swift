import Foundation
import GRDB
import SparsityCore
import Synchronization
import WireProtocol

/// The durable, append-only record of a run, open for writing by the one coordinator of the run.
///
/// A batch is appended in one transaction and is on the disk when ``append(_:at:writtenAt:)``
/// returns: after that an acknowledgement may leave. A batch that fails leaves no trace.
package final class Journal: Sendable {
  /// A seam through which tests make the storage fail.
  ///
  /// It is asked before each statement of an append, with the number of statements so far.
  package typealias Fault = @Sendable (_ statement: Int) -> RunStorageError?

  /// The journal's file.
  package let path: String
  /// How often the journal has been opened for writing, this time included.
  package let openingCount: Int
  /// What users should know about the state in which the journal was found, as text.
  package let warnings: [String]

  /// Whether the structure of the whole file was checked at the opening.
  ///
  /// It is unless there is a snapshot, with which a restart should not have to read the file:
  /// ``JournalReader/checkIntegrity()`` does the same while the journal is written.
  package let isStructureChecked: Bool

  private struct State {
    var recordCount: Int
    /// The choices of each of the run's decisions as they are written.
    var choices: [[String]] = []
    var statementCount = 0
    var fault: Fault?
  }

  private let lock: DirectoryLock
  private let identity: FileIdentity?
  private let queue: DatabaseQueue
  private let state: Mutex<State>

  /// Opens the journal of a run directory, and creates both if they do not exist.
  ///
  /// - Parameter lock: the right to write in the directory; `nil` takes it here.
  /// - Throws: ``RunStorageError``: in use, damaged, foreign or newer file, no permission.
  package init(
    in directory: RunDirectory, lock: DirectoryLock? = nil, busyTimeout: Duration = .seconds(5)
  ) throws(RunStorageError) {
    let path = directory.journalPath
    self.path = path
    if let lock { self.lock = lock } else { self.lock = try DirectoryLock(of: directory) }
    try JournalFiles.keepPrivate(path)
    do {
      var configuration = Configuration()
      configuration.journalMode = .wal
      configuration.busyMode = .timeout(busyTimeout / .seconds(1))
      configuration.label = "journal"
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      let found = try queue.writeWithoutTransaction { database in
        try Self.open(database, path: path)
      }
      var warnings = [MountTable.warning(about: directory.path)].compactMap(\.self)
      if found.unfinishedByteCount > 0 {
        warnings.append(
          "cut \(counted(found.unfinishedByteCount, "byte")) of an unfinished write from the end "
            + "of \(path)-wal; nothing of it was acknowledged, what it held is computed again")
      }
      self.warnings = warnings
      self.identity = FileIdentity(ofFileAt: path)
      self.queue = queue
      self.openingCount = found.openingCount
      self.isStructureChecked = found.isStructureChecked
      self.state = Mutex(State(recordCount: found.recordCount))
    } catch {
      throw RunStorageError(error, operation: "open", path: path)
    }
  }

  /// The records written so far, by all coordinators of the run.
  package var recordCount: Int { state.withLock { $0.recordCount } }

  /// Whether the directory still holds this journal: `false` once it was removed, or removed and
  /// made anew, so that what is written here will not be found again.
  package var isInPlace: Bool {
    guard let identity else { return true }
    return FileIdentity(ofFileAt: path) == identity || !FileIdentity.isKnown(at: path)
  }

  /// The state in which a journal was found.
  private struct Found {
    let openingCount: Int
    let recordCount: Int
    let unfinishedByteCount: Int
    let isStructureChecked: Bool
  }

  /// Returns the bytes behind the last complete transaction of the write-ahead log.
  private static func unfinishedByteCount(_ database: Database, path: String) throws -> Int {
    // The checkpoint tells how many frames belong to complete transactions.
    let row = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(PASSIVE)")
    let frameCount = row?.column(1, as: Int.self) ?? 0
    return WriteAheadLog.unfinishedByteCount(path: path + "-wal", after: max(0, frameCount))
  }

  /// Checks or creates the layout and counts this opening.
  private static func open(_ database: Database, path: String) throws -> Found {
    // A commit returns when its bytes are on the disk, not only in the system's cache.
    try database.execute(sql: "PRAGMA synchronous = FULL")
    let tableCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master")
    if tableCount == 0 {
      try database.inTransaction {
        try database.execute(sql: JournalFormat.schema)
        return .commit
      }
    }
    try JournalFormat.check(database, path: path)
    let hasSnapshot = try JournalFormat.hasSnapshot(database)
    if !hasSnapshot { try JournalFormat.checkIntegrity(database, path: path) }
    // The first write puts itself over what an unfinished one has left.
    let unfinished = try unfinishedByteCount(database, path: path)
    try database.execute(sql: "UPDATE meta SET value = value + 1 WHERE name = 'openings'")
    guard let openingCount = try openingCount(database) else {
      throw RunStorageError.corrupt(path: path, diagnostic: "the count of openings is missing")
    }
    return Found(
      openingCount: openingCount,
      recordCount: try JournalReading(database, path: path).recordCount(),
      unfinishedByteCount: unfinished, isStructureChecked: !hasSnapshot)
  }

  private static func openingCount(_ database: Database) throws -> Int? {
    let sql = "SELECT value FROM meta WHERE name = 'openings'"
    return try Int.fetchOne(try database.cachedStatement(sql: sql))
  }

  /// Reads all records in order, and checks that each is what was written.
  ///
  /// - Complexity: O(*n*) in the records.
  package func records() throws(RunStorageError) -> [JournalRecord] {
    try records(from: 0, countMax: .max)
  }

  /// Reads at most `countMax` records from the place `sequence` on, and checks each.
  package func records(
    from sequence: Int, countMax: Int
  ) throws(RunStorageError) -> [JournalRecord] {
    precondition(sequence >= 0)
    precondition(countMax > 0)
    var records: [JournalRecord] = []
    try look { database in
      records = try JournalReading(database, path: path).records(
        from: sequence, countMax: countMax)
    }
    state.withLock { $0.choices = Self.choices(in: records) ?? $0.choices }
    return records
  }

  /// Reads which keys' results count no more, with the places of their records, in order.
  package func discards() throws(RunStorageError) -> [(sequence: Int, key: DiscardedKey)] {
    try look { try JournalReading($0, path: path).discards() }
  }

  /// Appends a batch, all of it or nothing, and returns when it is on the disk.
  ///
  /// Records that are in the journal already are left as they are, so a batch may come again with
  /// more records behind.
  ///
  /// - Parameters:
  ///   - firstSequence: the place of the first record, at most ``recordCount``.
  ///   - time: the wall clock's time, for users only.
  package func append(
    _ records: [JournalRecord], at firstSequence: Int, writtenAt time: Date
  ) throws(RunStorageError) {
    precondition(firstSequence >= 0)
    let count = recordCount
    precondition(firstSequence <= count, "a gap in the journal")
    let new = records.dropFirst(count - firstSequence)
    guard !new.isEmpty else { return }
    state.withLock { $0.choices = Self.choices(in: new) ?? $0.choices }
    let written = Self.text(of: time)
    try transact { database in
      try insert(new, at: count, written: written, into: database)
    }
    state.withLock { $0.recordCount += new.count }
  }

  /// Returns a time as the columns for users show it.
  static func text(of time: Date) -> String {
    time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  /// Changes the file within one transaction, unless a newer coordinator has opened the journal.
  func transact(_ body: (Database) throws -> Void) throws(RunStorageError) {
    do {
      try queue.writeWithoutTransaction { database in
        try database.inTransaction(.immediate) {
          try countStatement()
          guard try Self.openingCount(database) == openingCount else {
            throw RunStorageError.superseded(path: path)
          }
          try body(database)
          try countStatement()
          return .commit
        }
      }
    } catch {
      throw RunStorageError(error, operation: "write", path: path)
    }
  }

  /// Looks something up in the file.
  func look<Found>(_ body: (Database) throws -> Found) throws(RunStorageError) -> Found {
    do {
      return try queue.read { database in try body(database) }
    } catch {
      throw RunStorageError(error, operation: "read", path: path)
    }
  }

  /// Inserts records within a transaction.
  private func insert(
    _ records: ArraySlice<JournalRecord>, at sequence: Int, written: String,
    into database: Database
  ) throws {
    let choices = state.withLock { $0.choices }
    let statement = try database.cachedStatement(sql: JournalFormat.insertion)
    for (offset, record) in records.enumerated() {
      try countStatement()
      let row = JournalRow(record, choices: choices)
      try statement.execute(
        arguments: row.arguments(
          sequence: sequence + offset, content: record.encoded(), written: written))
    }
  }

  func countStatement() throws(RunStorageError) {
    let fault = state.withLock { state in
      state.statementCount += 1
      return state.fault?(state.statementCount)
    }
    if let fault { throw fault }
  }

  /// Returns the choices of the last opening among `records`, which genomes are written out with.
  private static func choices(in records: some Collection<JournalRecord>) -> [[String]]? {
    var space: SearchSpace?
    for case .opened(let opening) in records { space = opening.description.space }
    return space?.decisions.map { $0.choices.map(\.description) }
  }

  /// Makes statements fail as `fault` says, counted from one on, until it is `nil` again.
  package func inject(_ fault: Fault?) {
    state.withLock { state in
      state.fault = fault
      state.statementCount = 0
    }
  }

  /// Lets the journal's file grow to at most `count` pages, so that tests can fill the disk.
  package func limitPages(to count: Int) throws {
    try queue.writeWithoutTransaction { database in
      _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(count)")
    }
  }

  /// Damages one record, as a bad disk does, for tests.
  package func overwriteContent(ofRecord sequence: Int) throws {
    try queue.writeWithoutTransaction { database in
      try database.execute(
        sql: "UPDATE records SET content = zeroblob(8) WHERE sequence = ?", arguments: [sequence])
    }
  }

  /// Returns one of SQLite's settings.
  package func pragma(_ name: String) throws -> String? {
    try queue.read { try String.fetchOne($0, sql: "PRAGMA \(name)") }
  }

  /// The pages of the journal's file.
  package func pageCount() throws -> Int {
    try queue.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
  }

  /// Moves everything into the one file and closes it; the journal is of no use afterwards.
  package func close() throws(RunStorageError) {
    do {
      _ = try queue.writeWithoutTransaction { database in
        try database.checkpoint(.truncate)
      }
      try queue.close()
    } catch {
      throw RunStorageError(error, operation: "close", path: path)
    }
    lock.release()
  }
}
