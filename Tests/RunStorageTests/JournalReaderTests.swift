import ContentHashing
import Foundation
import GRDB
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

@Suite struct JournalReaderTests {
  let run = TemporaryRun()

  @Test func `a reader follows a journal that is being written`() throws {
    let journal = try Journal(in: run.directory)
    let records = try exampleRecords(count: 10)
    try journal.append(Array(records[..<4]), at: 0, writtenAt: exampleTime)
    let reader = try JournalReader(of: run.directory)
    #expect(try reader.records() == Array(records[..<4]))
    try journal.append(Array(records[4...]), at: 4, writtenAt: exampleTime)
    #expect(try reader.records(from: 4) == Array(records[4...]))
    try reader.checkIntegrity()
    #expect(try reader.records(from: records.count).isEmpty)
  }

  @Test func `results are found by their keys, of all candidates or of some`() throws {
    var records: [JournalRecord] = [try opening()]
    for candidate in 0..<4 {
      records.append(.proposed(CandidateID(candidate), Genome(genes: [UInt8(candidate)])))
      guard case .shardCompleted(var completion) = try completion(candidate) else { return }
      // The last candidate's result has the key of the first one's, as after a new beginning.
      completion.key = ShardKey(ContentHash(repeating: UInt8(candidate % 3)))
      completion.shard = ShardID(candidate: CandidateID(candidate), slice: 0)
      records.append(.shardCompleted(completion))
      records.append(
        .evaluated(
          EvaluatedCandidate(
            candidate: CandidateID(candidate), correctCount: 1, imageCount: 2, summedLoss: 1,
            costs: [], objectives: [1])))
    }
    let journal = try Journal(in: run.directory)
    try journal.append(records, at: 0, writtenAt: exampleTime)
    let reader = try JournalReader(of: run.directory)
    let keys = Set([0, 2].map { ShardKey(ContentHash(repeating: $0)) })
    #expect(try reader.results(of: keys).map(\.sequence) == [2, 8, 11])
    #expect(
      try reader.results(of: keys, about: [CandidateID(3), CandidateID(2), CandidateID(1)])
        .map(\.sequence) == [8, 11])
    #expect(try reader.results(of: keys, about: [CandidateID(9)]).isEmpty)
    let third = Genome(genes: [2])
    #expect(try reader.candidate(with: third, amongFirst: 10) == CandidateID(2))
    #expect(try reader.candidate(with: third, amongFirst: 2) == nil)
    #expect(try reader.candidate(with: Genome(genes: [9]), amongFirst: 10) == nil)
  }

  @Test func `a reader tells which keys have delivered results`() throws {
    let journal = try Journal(in: run.directory)
    guard case .shardCompleted(var delivered) = try completion(1) else { return }
    delivered.keyName = "node07"
    let joined = JoinedSession(worker: WorkerID(1), label: "b", keyName: "node08")
    try journal.append(
      [try opening(), .joined(joined), .shardCompleted(delivered)], at: 0, writtenAt: exampleTime)
    let reader = try JournalReader(of: run.directory)
    #expect(try reader.holdsResults(ofKey: "node07"))
    #expect(try !reader.holdsResults(ofKey: "node08"), "it has only joined")
  }

  @Test func `the journal of a killed coordinator is read and resumed`() throws {
    let journal = try Journal(in: run.directory)
    let records = try exampleRecords(count: 50)
    try journal.append(records, at: 0, writtenAt: exampleTime)
    // What a killed process leaves: file and write-ahead log, not yet moved together.
    let copy = TemporaryRun()
    try copy.directory.create()
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(
        atPath: journal.path + suffix, toPath: copy.directory.journalPath + suffix)
    }
    #expect(try JournalReader(of: copy.directory).records() == records)
    let resumed = try Journal(in: copy.directory)
    #expect(try resumed.records() == records)
    #expect(resumed.openingCount == 2)
  }

  @Test func `a log that was torn in the last batch loses that batch only`() throws {
    let journal = try Journal(in: run.directory)
    let records = try exampleRecords(count: 50)
    try journal.append(Array(records[..<30]), at: 0, writtenAt: exampleTime)
    try journal.append(Array(records[30...]), at: 30, writtenAt: exampleTime)
    let log = try Data(contentsOf: URL(filePath: journal.path + "-wal"))
    for cut in [1, 100, 4_000, 5_000] {
      let copy = TemporaryRun()
      try copy.directory.create()
      try FileManager.default.copyItem(
        atPath: journal.path, toPath: copy.directory.journalPath)
      try log.dropLast(cut).write(to: URL(filePath: copy.directory.journalPath + "-wal"))
      let resumed = try Journal(in: copy.directory)
      #expect(try resumed.records() == Array(records[..<30]))
      try resumed.append(Array(records[30...]), at: 30, writtenAt: exampleTime)
      #expect(try resumed.records() == records)
    }
  }

  @Test func `a folder without a run is named`() throws {
    let path = run.directory.journalPath
    #expect(
      throws: RunStorageError.cannotOpen(
        path: path, reason: "no run has been started in this folder")
    ) { try JournalReader(of: run.directory) }
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}

@Suite struct JournalWarningsTests {
  let run = TemporaryRun()

  @Test func `a write that was not finished is cut off with a word about it`() throws {
    let journal = try Journal(in: run.directory)
    let records = try exampleRecords(count: 80)
    try journal.append(Array(records[..<60]), at: 0, writtenAt: exampleTime)
    // More pages than the layout has: nothing of its own log is left behind the first batch.
    let whole = try Data(contentsOf: URL(filePath: journal.path + "-wal")).count
    try journal.append(Array(records[60...]), at: 60, writtenAt: exampleTime)
    let log = try Data(contentsOf: URL(filePath: journal.path + "-wal"))
    #expect(log.count > whole)
    for cut in [1, 100, 4_000, log.count - whole] {
      let copy = TemporaryRun()
      try copy.directory.create()
      try FileManager.default.copyItem(atPath: journal.path, toPath: copy.directory.journalPath)
      try log.dropLast(cut).write(to: URL(filePath: copy.directory.journalPath + "-wal"))
      let resumed = try Journal(in: copy.directory)
      #expect(try resumed.records() == Array(records[..<60]))
      let diagnostic = resumed.warnings.filter { $0.contains("unfinished write") }
      let left = log.count - whole - cut
      #expect(diagnostic.count == (left > 0 ? 1 : 0))
      #expect(
        diagnostic.allSatisfy { $0.contains("cut \(left) bytes") }, "\(diagnostic) of \(left)")
      try resumed.append(Array(records[60...]), at: 60, writtenAt: exampleTime)
      #expect(try resumed.records() == records)
    }
  }

  @Test func `a log that is whole, or of an earlier life, needs no diagnostic`() throws {
    let records = try exampleRecords(count: 50)
    for part in [0..<20, 20..<40, 40..<records.count] {
      let journal = try Journal(in: run.directory)
      #expect(!journal.warnings.contains { $0.contains("unfinished") })
      try journal.append(Array(records[part]), at: part.lowerBound, writtenAt: exampleTime)
    }
  }

  @Test func `records are read in portions, in order and to the end`() throws {
    let journal = try Journal(in: run.directory)
    let records = try exampleRecords(count: 40)
    try journal.append(records, at: 0, writtenAt: exampleTime)
    let stream = JournalRecords(of: journal)
    #expect(Array(stream) == records)
    #expect(stream.failure == nil)
    #expect(try journal.records(from: 3, countMax: 4) == Array(records[3..<7]))
    #expect(try journal.records(from: records.count, countMax: 4).isEmpty)
  }

  @Test func `a missing record ends the portions with its name`() throws {
    let path = run.directory.journalPath
    do {
      let journal = try Journal(in: run.directory)
      try journal.append(try exampleRecords(count: 40), at: 0, writtenAt: exampleTime)
      try journal.close()
    }
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: "DELETE FROM records WHERE sequence = 17") }
    try queue.close()
    let stream = JournalRecords(of: try Journal(in: run.directory))
    #expect(Array(stream).isEmpty)
    #expect("\(try #require(stream.failure))".contains("record 17"))
  }

  @Test func `file systems of other machines are known by their kind`() {
    for kind in ["nfs", "nfs4", "cifs", "lustre", "9p", "fuse.sshfs"] {
      #expect(MountTable.isNetwork(kind), "\(kind)")
    }
    for kind in ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuseblk"] {
      #expect(!MountTable.isNetwork(kind), "\(kind)")
    }
    #expect(MountTable.fileSystem(of: "/proc/self") == "proc")
    #expect(MountTable.warning(about: "/proc/self") == nil)
  }
}
