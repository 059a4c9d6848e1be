import Foundation
import GRDB
import RunStorage
import Testing
import TestSupport

@Suite struct JournalTests {
  let run = TemporaryRun()

  @Test func `what was appended is read back in order, also after a new opening`() throws {
    let records = try exampleRecords(count: 20)
    do {
      let journal = try Journal(in: run.directory)
      #expect(try journal.records().isEmpty)
      try journal.append(Array(records[..<5]), at: 0, writtenAt: exampleTime)
      try journal.append(Array(records[5...]), at: 5, writtenAt: exampleTime)
      #expect(try journal.records() == records)
      #expect(journal.recordCount == records.count)
    }
    let journal = try Journal(in: run.directory)
    #expect(try journal.records() == records)
    #expect(journal.recordCount == records.count)
  }

  @Test func `each opening for writing is counted`() throws {
    for count in 1...3 {
      let journal = try Journal(in: run.directory)
      #expect(journal.openingCount == count)
    }
  }

  @Test func `a batch that comes again with more behind is written once`() throws {
    let journal = try Journal(in: run.directory)
    let records = try exampleRecords(count: 4)
    try journal.append(Array(records[..<3]), at: 0, writtenAt: exampleTime)
    try journal.append(records, at: 0, writtenAt: exampleTime)
    try journal.append(Array(records[2..<3]), at: 2, writtenAt: exampleTime)
    #expect(try journal.records() == records)
  }

  @Test func `a second coordinator is refused and told who holds the directory`() throws {
    let journal = try Journal(in: run.directory)
    let error = #expect(throws: RunStorageError.self) { try Journal(in: run.directory) }
    guard case .inUse(let path, let holder) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path == run.directory.path)
    #expect(holder.contains("process \(getpid())"))
    #expect("\(RunStorageError.inUse(path: path, holder: holder))".contains("another coordinator"))
    try journal.close()
  }

  @Test func `the right to write ends with the journal`() throws {
    try Journal(in: run.directory).close()
    _ = try Journal(in: run.directory)
  }

  @Test func `an older writer that lost its lock unnoticed cannot write`() throws {
    let older = try Journal(in: run.directory)
    // Removing the lock file is what a file system without locks comes down to.
    try FileManager.default.removeItem(atPath: run.directory.lockPath)
    let newer = try Journal(in: run.directory)
    let path = run.directory.journalPath
    #expect(throws: RunStorageError.superseded(path: path)) {
      try older.append([try opening()], at: 0, writtenAt: exampleTime)
    }
    try newer.append([try opening()], at: 0, writtenAt: exampleTime)
    #expect(try newer.records().count == 1)
  }

  @Test func `users can query the columns`() throws {
    let journal = try Journal(in: run.directory)
    try journal.append(try exampleRecords(count: 2), at: 0, writtenAt: exampleTime)
    try journal.close()
    let queue = try DatabaseQueue(path: run.directory.journalPath)
    let rows = try queue.read { try Row.fetchAll($0, sql: "SELECT * FROM records") }
    #expect(
      rows.map { $0["kind"] as String } == [
        "opened", "proposed", "shard", "shard", "evaluated", "quarantined",
      ])
    #expect(rows[1]["genome"] == "2:4 4:4")
    #expect(rows[3]["candidate"] == 1)
    #expect(rows[3]["slice"] == 1)
    #expect(rows[3]["shard_key"] == Data(repeating: 1, count: 32))
    #expect(rows[3]["correct"] == Data([2]))
    #expect(rows[3]["correct_count"] == 1)
    #expect(rows[3]["image_count"] == 5)
    #expect(rows[3]["loss"] == 1.5)
    #expect(rows[3]["worker"] == "node/1")
    #expect(rows[3]["milliseconds"] == 2.5)
    #expect(rows[3]["written"] == "2023-11-14T22:13:20.000Z")
    #expect(rows[4]["objectives"] == "[0.2,1000000.0]")
    #expect(rows[5]["detail"] == "three workers died")
  }

  @Test func `write ahead and full synchronisation are on`() throws {
    let journal = try Journal(in: run.directory)
    #expect(try journal.pragma("journal_mode") == "wal")
    #expect(try journal.pragma("synchronous") == "2")
  }

  @Test func `a damaged opening of the run directory is named`() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("1", to: "file")
    let error = #expect(throws: RunStorageError.self) {
      try Journal(in: RunDirectory(path: file))
    }
    guard case .cannotOpen = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}

@Suite struct JournalFaultTests {
  let run = TemporaryRun()

  @Test func `whichever statement fails, nothing of the batch stays and the next try succeeds`()
    throws
  {
    let journal = try Journal(in: run.directory)
    let records = try exampleRecords(count: 6)
    let before = Array(records[..<2])
    try journal.append(before, at: 0, writtenAt: exampleTime)
    let failure = RunStorageError.diskFull(path: journal.path)
    var failures = 0
    for number in 1...100 {
      journal.inject { $0 == number ? failure : nil }
      do {
        try journal.append(records, at: 0, writtenAt: exampleTime)
        break
      } catch {
        #expect(error == failure)
        failures += 1
        #expect(try journal.records() == before)
      }
    }
    // The check of the writer, one insertion for each new record, and the commit.
    #expect(failures == 1 + records.count - before.count + 1)
    #expect(try journal.records() == records)
  }

  @Test func `a full disk is reported, loses nothing, and ends when there is room`() throws {
    let journal = try Journal(in: run.directory)
    try journal.limitPages(to: try journal.pageCount() + 4)
    var written = 0
    var isFull = false
    while !isFull, written < 10_000 {
      let record = try completion(written)
      do {
        try journal.append([record], at: written, writtenAt: exampleTime)
        written += 1
      } catch {
        #expect(error == .diskFull(path: journal.path))
        #expect(error.isTemporary)
        isFull = true
      }
    }
    #expect(isFull)
    #expect(try journal.records().count == written)
    try journal.limitPages(to: 1_000_000)
    try journal.append([try completion(written)], at: written, writtenAt: exampleTime)
    #expect(try journal.records().count == written + 1)
  }

  /// Writes some records and returns the bytes of the closed journal.
  private func closedJournal() throws -> Data {
    let journal = try Journal(in: run.directory)
    try journal.append(try exampleRecords(count: 300), at: 0, writtenAt: exampleTime)
    try journal.close()
    return try Data(contentsOf: URL(filePath: run.directory.journalPath))
  }

  private func openingAndReadingFails(_ bytes: Data) throws -> RunStorageError? {
    try bytes.write(to: URL(filePath: run.directory.journalPath))
    do {
      _ = try Journal(in: run.directory).records()
      return nil
    } catch {
      return error
    }
  }

  @Test func `a file of another kind is refused and left alone`() throws {
    try run.directory.create()
    let text = Data(String(repeating: "not a journal\n", count: 1_000).utf8)
    let path = run.directory.journalPath
    #expect(try openingAndReadingFails(text) == .foreignFile(path: path))
    #expect(try Data(contentsOf: URL(filePath: path)) == text)
  }

  @Test func `another program's database is refused and left alone`() throws {
    try run.directory.create()
    let queue = try DatabaseQueue(path: run.directory.journalPath)
    try queue.write { try $0.execute(sql: "CREATE TABLE notes (text)") }
    try queue.close()
    #expect(throws: RunStorageError.foreignFile(path: run.directory.journalPath)) {
      try Journal(in: run.directory)
    }
  }

  @Test func `journals of newer programs, and of those before the oldest, are refused`() throws {
    try Journal(in: run.directory).close()
    let path = run.directory.journalPath
    func setVersion(_ version: Int) throws {
      let queue = try DatabaseQueue(path: path)
      try queue.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA user_version = \(version)")
      }
      try queue.close()
    }
    try setVersion(99)
    let newer = RunStorageError.newerSchema(path: path, found: 99, supported: 7)
    #expect(throws: newer) { try Journal(in: run.directory) }
    #expect(throws: newer) { try JournalReader(of: run.directory).records() }
    try setVersion(6)
    let older = RunStorageError.olderSchema(path: path, found: 6, oldest: 7, commit: "ecd8f16")
    #expect(throws: older) { try Journal(in: run.directory) }
    let error = #expect(throws: older) { try JournalReader(of: run.directory).records() }
    #expect(error?.description.contains("built at commit ecd8f16") == true)
    try setVersion(7)
    #expect(try JournalReader(of: run.directory).records().isEmpty)
  }

  @Test func `a torn file is reported`() throws {
    let bytes = try closedJournal()
    for fraction in [0.25, 0.5, 0.9] {
      let torn = bytes.prefix(Int(Double(bytes.count) * fraction) / 4096 * 4096 + 100)
      let error = try #require(try openingAndReadingFails(torn))
      guard case .corrupt = error else {
        Issue.record("\(error)")
        continue
      }
      #expect("\(error)".contains("is damaged"))
    }
  }

  @Test func `a page lost in the middle is noticed when the journal is opened`() throws {
    var bytes = try closedJournal()
    let pageSize = 4_096
    let middle = bytes.count / pageSize / 2 * pageSize
    bytes.replaceSubrange(middle..<(middle + pageSize), with: Data(count: pageSize))
    try bytes.write(to: URL(filePath: run.directory.journalPath))
    let error = #expect(throws: RunStorageError.self) { try Journal(in: run.directory) }
    guard case .corrupt = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `one changed bit of a record is noticed`() throws {
    let bytes = try closedJournal()
    let mark = Data("node/1".utf8)
    var found = 0
    var noticed = 0
    var start = bytes.startIndex
    while found < 40, let range = bytes.range(of: mark, in: start..<bytes.endIndex) {
      start = range.upperBound
      found += 1
      var changed = bytes
      changed[range.lowerBound] ^= 1
      // Half of the occurrences lie in the columns for users, which nothing is read from.
      guard let error = try openingAndReadingFails(changed) else { continue }
      guard case .damagedRecord = error else {
        Issue.record("\(error)")
        continue
      }
      noticed += 1
    }
    #expect(found == 40)
    #expect(noticed >= 15)
  }

  @Test func `a missing record is noticed`() throws {
    _ = try closedJournal()
    let queue = try DatabaseQueue(path: run.directory.journalPath)
    try queue.write { try $0.execute(sql: "DELETE FROM records WHERE sequence = 17") }
    try queue.close()
    let journal = try Journal(in: run.directory)
    let error = #expect(throws: RunStorageError.self) { try journal.records() }
    #expect("\(try #require(error))".contains("record 17"))
  }
}
