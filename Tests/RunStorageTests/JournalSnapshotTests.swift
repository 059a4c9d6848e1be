import Foundation
import GRDB
import RunStorage
import SparsityCore
import Synchronization
import Testing
import TestSupport
import WireProtocol

@Suite(.timeLimit(.minutes(20))) struct JournalSnapshotTests {
  let run = TemporaryRun()

  private func snapshot(_ recordCount: Int, size: Int = 100_000) -> JournalSnapshot {
    JournalSnapshot(
      recordCount: recordCount, term: Term(3),
      content: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* recordCount) })
  }

  /// Changes the closed journal as a user with `sqlite3` might.
  private func execute(_ sql: String) throws {
    let queue = try DatabaseQueue(path: run.directory.journalPath)
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test func `the last snapshot is kept, also over openings, and the records with it`() throws {
    let records = try exampleRecords(count: 10)
    do {
      let journal = try Journal(in: run.directory)
      #expect(try journal.snapshot() == nil)
      try journal.append(records, at: 0, writtenAt: exampleTime)
      for count in [1, 5, 8] {
        try journal.replaceSnapshot(with: snapshot(count), writtenAt: exampleTime)
        #expect(try journal.snapshot() == snapshot(count))
      }
    }
    let journal = try Journal(in: run.directory)
    #expect(try journal.snapshot() == snapshot(8))
    #expect(try journal.records() == records)
    #expect(try JournalReader(of: run.directory).records() == records)
    try journal.close()
    let queue = try DatabaseQueue(path: run.directory.journalPath)
    let count = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM snapshots") }
    #expect(count == 1)
  }

  @Test func `records behind a snapshot are read without those before it`() throws {
    let journal = try Journal(in: run.directory)
    let records = try exampleRecords(count: 10)
    try journal.append(records, at: 0, writtenAt: exampleTime)
    #expect(Array(JournalRecords(of: journal, from: 4)) == Array(records[4...]))
    #expect(Array(JournalRecords(of: journal, from: records.count)).isEmpty)
  }

  @Test func `a file with a snapshot is opened at once and checked by a reader`() throws {
    let records = try exampleRecords(count: 300)
    do {
      let journal = try Journal(in: run.directory)
      #expect(journal.isStructureChecked)
      try journal.append(records, at: 0, writtenAt: exampleTime)
      try journal.replaceSnapshot(with: snapshot(200, size: 100), writtenAt: exampleTime)
      try journal.close()
    }
    let path = run.directory.journalPath
    var bytes = try Data(contentsOf: URL(filePath: path))
    do {
      let journal = try Journal(in: run.directory)
      #expect(!journal.isStructureChecked)
      try JournalReader(of: run.directory).checkIntegrity()
      try journal.close()
    }
    let middle = bytes.count / 4_096 / 2 * 4_096
    bytes.replaceSubrange(middle..<(middle + 4_096), with: Data(count: 4_096))
    try bytes.write(to: URL(filePath: path))
    let journal = try Journal(in: run.directory)
    #expect(try journal.snapshot() == snapshot(200, size: 100))
    let error = #expect(throws: RunStorageError.self) {
      try JournalReader(of: run.directory).checkIntegrity()
    }
    guard case .corrupt = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `an interrupted check ends with an error that is not damage`() throws {
    let journal = try Journal(in: run.directory)
    try journal.append(try exampleRecords(count: 20_000), at: 0, writtenAt: exampleTime)
    let reader = try JournalReader(of: run.directory)
    let isDone = Mutex(false)
    let interrupter = Thread {
      while !isDone.withLock({ $0 }) { reader.interruptCheck() }
    }
    interrupter.start()
    let error = #expect(throws: RunStorageError.self) {
      for _ in 0..<100 { try reader.checkIntegrity() }
    }
    isDone.withLock { $0 = true }
    guard case .failed = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `whichever statement fails, the former snapshot stays`() throws {
    let journal = try Journal(in: run.directory)
    try journal.append(try exampleRecords(count: 10), at: 0, writtenAt: exampleTime)
    try journal.replaceSnapshot(with: snapshot(2), writtenAt: exampleTime)
    let failure = RunStorageError.diskFull(path: journal.path)
    var failures = 0
    for number in 1...100 {
      journal.inject { $0 == number ? failure : nil }
      do {
        try journal.replaceSnapshot(with: snapshot(9), writtenAt: exampleTime)
        break
      } catch {
        #expect(error == failure)
        failures += 1
        #expect(try journal.snapshot() == snapshot(2))
      }
    }
    // The check of the writer, the replacement, and the commit.
    #expect(failures == 3)
    #expect(try journal.snapshot() == snapshot(9))
  }

  @Test func `an older writer cannot replace the snapshot of a newer one`() throws {
    let older = try Journal(in: run.directory)
    try older.append([try opening()], at: 0, writtenAt: exampleTime)
    try FileManager.default.removeItem(atPath: run.directory.lockPath)
    let newer = try Journal(in: run.directory)
    #expect(throws: RunStorageError.superseded(path: run.directory.journalPath)) {
      try older.replaceSnapshot(with: snapshot(1), writtenAt: exampleTime)
    }
    #expect(try newer.snapshot() == nil)
  }

  @Test(arguments: [
    "UPDATE snapshots SET content = zeroblob(100000)", "UPDATE snapshots SET content = 'text'",
    "UPDATE snapshots SET digest = digest + 1", "UPDATE snapshots SET digest = 'text'",
    "UPDATE snapshots SET record_count = 7", "UPDATE snapshots SET record_count = 1000",
    "UPDATE snapshots SET record_count = -1", "UPDATE snapshots SET record_count = 'many'",
    "UPDATE snapshots SET term = -1", "DELETE FROM records WHERE sequence > 5",
  ])
  func `a damaged snapshot is named as such, and the records are of use`(sql: String) throws {
    let records = try exampleRecords(count: 10)
    do {
      let journal = try Journal(in: run.directory)
      try journal.append(records, at: 0, writtenAt: exampleTime)
      try journal.replaceSnapshot(with: snapshot(8), writtenAt: exampleTime)
      try journal.close()
    }
    try execute(sql)
    let journal = try Journal(in: run.directory)
    let error = #expect(throws: RunStorageError.self) { try journal.snapshot() }
    guard case .damagedSnapshot = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect("\(try #require(error))".contains("the records are read instead"))
    #expect(try journal.records() == Array(records.prefix(journal.recordCount)))
    try journal.replaceSnapshot(with: snapshot(5), writtenAt: exampleTime)
    #expect(try journal.snapshot() == snapshot(5))
  }
}
