import Foundation
import GRDB
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// Journals that are not what was written: each is read to the end, or refused with a diagnostic.
@Suite(.serialized) struct JournalDamageTests {
  let run = TemporaryRun()

  private var path: String { run.directory.journalPath }

  /// Writes a journal of some pages with a snapshot, and returns its bytes.
  private func bytes(hasSnapshot: Bool) throws -> [UInt8] {
    let journal = try Journal(in: run.directory)
    try journal.append(try exampleRecords(count: 120), at: 0, writtenAt: exampleTime)
    if hasSnapshot {
      let snapshot = JournalSnapshot(
        recordCount: 100, term: Term(1), content: (0..<9_000).map { UInt8($0 % 251) })
      try journal.replaceSnapshot(with: snapshot, writtenAt: exampleTime)
    }
    try journal.close()
    return [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  /// Reads all that a command could ask for; returns how that has ended, as text.
  private func read() -> String {
    do throws(RunStorageError) {
      let reader = try JournalReader(of: run.directory)
      let records = JournalRecords(of: reader)
      var count = 0
      while records.next() != nil { count += 1 }
      if let failure = records.failure { throw failure }
      _ = try reader.records(about: [CandidateID(0), CandidateID(3)])
      _ = try reader.snapshot()
      return "\(count) records"
    } catch {
      return "\(error)"
    }
  }

  /// Opens the journal for writing, as a resumed run does, and writes.
  private func recover() -> String {
    do {
      let journal = try Journal(in: run.directory, busyTimeout: .zero)
      let records = try journal.records()
      do {
        _ = try journal.snapshot()
      } catch RunStorageError.damagedSnapshot {
        // The records are read instead.
      }
      let count = journal.recordCount
      try journal.append([try completion(count)], at: count, writtenAt: exampleTime)
      try journal.close()
      return "\(records.count) records"
    } catch {
      return "\(error)"
    }
  }

  /// Puts a file in the journal's place, without what SQLite keeps beside it.
  private func place(_ bytes: [UInt8]) throws {
    for suffix in ["-wal", "-shm", "-journal"] { unsafe unlink(path + suffix) }
    try Data(bytes).write(to: URL(filePath: path))
  }

  @Test(arguments: [true, false])
  func `a thousand damaged files end with a diagnostic or are read`(hasSnapshot: Bool) throws {
    let sound = try bytes(hasSnapshot: hasSnapshot)
    try place(sound)
    #expect(read() == "124 records")
    var endings: [Bool: Int] = [:]
    for number in 0..<UInt64(1_000) {
      var damage = FileDamage(seed: 12, number: number)
      try place(damage.damaging(sound))
      let texts = [read(), recover()]
      for ending in texts {
        #expect(!ending.isEmpty, "seed 12, number \(number)")
        endings[ending.hasSuffix(" records"), default: 0] += 1
      }
    }
    // Neither harmless nor hopeless throughout, or the mutators do not do what they should.
    #expect(endings[true, default: 0] > 100)
    #expect(endings[false, default: 0] > 100)
  }

  /// Changes the file behind the layout's back: no column must hold a value any more.
  private func execute(_ sql: String) throws {
    var configuration = Configuration()
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA writable_schema = ON") }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test(arguments: [
    "UPDATE records SET content = NULL WHERE sequence = 5",
    "UPDATE records SET digest = NULL WHERE sequence = 5",
    "UPDATE records SET digest = 'text' WHERE sequence = 5",
    "UPDATE records SET digest = 1.5 WHERE sequence = 5",
    "UPDATE records SET content = 'text' WHERE sequence = 5",
    "UPDATE records SET content = 7 WHERE sequence = 5",
    "UPDATE records SET sequence = 9223372036854775807 WHERE sequence = 123",
    "UPDATE records SET candidate = -4",
    "UPDATE records SET candidate = 'text', content = NULL WHERE kind = 'evaluated'",
    "UPDATE meta SET value = NULL", "UPDATE meta SET value = 'text'", "DELETE FROM meta",
    "UPDATE meta SET value = 9223372036854775807",
    "UPDATE snapshots SET record_count = NULL", "UPDATE snapshots SET term = NULL",
    "UPDATE snapshots SET content = NULL", "UPDATE snapshots SET digest = NULL",
    "UPDATE sqlite_master SET type = NULL", "UPDATE sqlite_master SET tbl_name = NULL",
    "UPDATE sqlite_master SET name = NULL WHERE name = 'snapshots'",
    "UPDATE sqlite_master SET sql = NULL", "DROP TABLE records", "DROP TABLE meta",
  ])
  func `values that no column may have end with a diagnostic or are read`(sql: String) throws {
    _ = try bytes(hasSnapshot: true)
    try execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '')")
    try execute(sql)
    #expect(!read().isEmpty)
    #expect(!recover().isEmpty)
  }

  @Test(arguments: ["content", "digest"])
  func `a record without a value is named`(column: String) throws {
    _ = try bytes(hasSnapshot: true)
    try execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '')")
    try execute("UPDATE records SET \(column) = NULL WHERE sequence = 5")
    #expect(read().contains("record 5 of the journal \(path) is damaged"), "\(read())")
    #expect(recover().contains("record 5 of the journal \(path) is damaged"))
  }
}

/// A way to damage a file that its seed and number determine.
struct FileDamage {
  private static let pageSize = 4_096
  private var generator: SeededGenerator

  init(seed: UInt64, number: UInt64) {
    generator = SeededGenerator(seed: seed, stream: number)
  }

  /// Returns the damaged content: bytes flipped or zeroed, pages zeroed or swapped, the file cut.
  mutating func damaging(_ bytes: [UInt8]) -> [UInt8] {
    var damaged = bytes
    let pageCount = bytes.count / Self.pageSize
    switch generator.index(below: 6) {
    case 0:
      for _ in 0...generator.index(below: 8) {
        let (place, bits) = (place(in: bytes), mask())
        damaged[place] ^= bits
      }
    case 1:
      // A few bytes, as those of a record's header.
      let start = place(in: bytes)
      let end = min(bytes.count, start + 1 + generator.index(below: 12))
      for index in start..<end { damaged[index] = 0 }
    case 2:
      let start = generator.index(below: pageCount) * Self.pageSize
      for index in start..<(start + Self.pageSize) { damaged[index] = 0 }
    case 3:
      let pages = [generator.index(below: pageCount), generator.index(below: pageCount)]
      for offset in 0..<Self.pageSize {
        damaged.swapAt(pages[0] * Self.pageSize + offset, pages[1] * Self.pageSize + offset)
      }
    case 4:
      damaged.removeLast(1 + generator.index(below: bytes.count))
    default:
      // The heads of pages say where everything lies.
      let start = generator.index(below: pageCount) * Self.pageSize
      for _ in 0...generator.index(below: 4) {
        let (place, bits) = (start + generator.index(below: 120), mask())
        damaged[place] ^= bits
      }
    }
    return damaged
  }

  private mutating func place(in bytes: [UInt8]) -> Int { generator.index(below: bytes.count) }

  /// Returns bits of which at least one is set.
  private mutating func mask() -> UInt8 { UInt8(1 + generator.index(below: 255)) }
}
