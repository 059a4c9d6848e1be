import ContentHashing
import Foundation
import GRDB
import SparsityCore
import WireProtocol

/// The layout of the journal's file.
enum JournalFormat {
  /// Marks an SQLite file as a journal of Elsa (`ELSA` in ASCII).
  static let applicationID = 0x454C_5341
  /// The version of the layout; a program reads its own and older ones, back to the oldest.
  static let version = 7
  /// The oldest version that is read.
  static let oldestVersion = 7
  /// The commit of Elsa that reads the versions before the oldest.
  static let commitOfOlderVersions = "ecd8f16"

  /// The tables: a record's bytes are what counts, the columns beside them are for users. One
  /// snapshot at most says what the first records have brought about; the index leads to the few
  /// records of a candidate that are no results.
  static let schema = """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO meta (name, value) VALUES ('openings', 0);
    CREATE TABLE records (
      sequence INTEGER PRIMARY KEY,
      kind TEXT NOT NULL,
      candidate INTEGER,
      slice INTEGER,
      genome TEXT,
      shard_key BLOB,
      correct BLOB,
      correct_count INTEGER,
      image_count INTEGER,
      loss REAL,
      objectives TEXT,
      worker TEXT,
      milliseconds REAL,
      detail TEXT,
      written TEXT NOT NULL,
      content BLOB NOT NULL,
      digest INTEGER NOT NULL
    );
    CREATE TABLE snapshots (
      place INTEGER PRIMARY KEY CHECK (place = 0),
      record_count INTEGER NOT NULL,
      term INTEGER NOT NULL,
      written TEXT NOT NULL,
      content BLOB NOT NULL,
      digest INTEGER NOT NULL
    );
    CREATE INDEX candidates ON records (candidate) WHERE kind <> 'shard';
    PRAGMA application_id = \(applicationID);
    PRAGMA user_version = \(version);
    """

  /// The records of keys whose results count no more, by the index of what is no result.
  static let discardQuery = """
    SELECT sequence, content, digest FROM records
    WHERE candidate IS NULL AND kind <> 'shard' AND kind = 'discarded' ORDER BY sequence
    """

  /// Inserts one record.
  static let insertion = """
    INSERT INTO records (sequence, kind, candidate, slice, genome, shard_key, correct,
      correct_count, image_count, loss, objectives, worker, milliseconds, detail, written, content,
      digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """

  /// Puts a snapshot in the place of the last one.
  static let snapshotInsertion = """
    INSERT OR REPLACE INTO snapshots (place, record_count, term, written, content, digest)
    VALUES (0, ?, ?, ?, ?, ?)
    """

  /// Returns the version of the layout that a file has.
  static func version(of database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
  }

  /// Returns the number that shows whether a record is still what was written.
  static func digest(sequence: Int, content: [UInt8]) -> Int64 {
    var hasher = ContentHasher()
    hasher.update(UInt64(sequence))
    hasher.update(content.span)
    let bytes = hasher.finalized().bytes
    return Int64(bitPattern: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// Refuses a file of another program, of a newer one, or of one whose files are read no more.
  static func check(_ database: Database, path: String) throws {
    let application = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let version = try version(of: database)
    guard application == applicationID else { throw RunStorageError.foreignFile(path: path) }
    guard version <= Self.version else {
      throw RunStorageError.newerSchema(path: path, found: version, supported: Self.version)
    }
    guard version >= oldestVersion else {
      throw RunStorageError.olderSchema(
        path: path, found: version, oldest: oldestVersion, commit: commitOfOlderVersions)
    }
  }

  /// Whether the file has a snapshot, sound or not.
  static func hasSnapshot(_ database: Database) throws -> Bool {
    // Not by the tools of the library, which trap on a schema without names.
    let tables = "SELECT count(*) FROM sqlite_master WHERE name = 'snapshots'"
    guard try Int.fetchOne(database, sql: tables) == 1 else { return false }
    return try Int.fetchOne(database, sql: "SELECT place FROM snapshots") != nil
  }

  /// Looks for damage in the structure of the whole file.
  static func checkIntegrity(_ database: Database, path: String) throws {
    let findings = try String.fetchAll(database, sql: "PRAGMA quick_check(3)")
    guard findings == ["ok"] else {
      throw RunStorageError.corrupt(path: path, diagnostic: findings.joined(separator: "; "))
    }
  }
}
