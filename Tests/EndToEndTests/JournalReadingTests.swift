import Foundation
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// What commands do with the journal of a run: damaged, long, or with candidates set aside.
@Suite(.serialized, .timeLimit(.minutes(20))) struct JournalReadingTests {
  let run: DigitsRun

  /// Finishes a small run.
  init() throws {
    run = try DigitsRun(evaluations: 12)
    let ending = try Program.run([
      "search", run.runFile, "--run-directory", run.directory.path, "--workers", "1",
    ])
    try #require(ending.status == 0, "\(ending.errors)")
  }

  private var path: String { run.directory.journalPath }

  private func records() throws -> [JournalRecord] {
    try JournalReader(of: run.directory).records()
  }

  /// Returns the objects that a command prints, without what may differ between two readings.
  private func points(_ front: [String: Any]) throws -> [String] {
    let points = try #require(front["points"] as? [[String: Any]])
    return try points.map { point in
      let point = point.filter { !$0.key.hasPrefix("accuracyLoss") }
      let data = try JSONSerialization.data(withJSONObject: point, options: .sortedKeys)
      return String(decoding: data, as: UTF8.self)
    }
  }

  @Test func `sixty damaged journals end every command with a diagnostic or are read`() throws {
    let journal = try Journal(in: run.directory)
    try journal.close()
    let sound = [UInt8](try Data(contentsOf: URL(filePath: path)))
    var endings: [Int32: Int] = [:]
    for number in 0..<UInt64(60) {
      var generator = SeededGenerator(seed: 17, stream: number)
      try place(damaged(sound, using: &generator))
      var commands = [["front", run.directory.path, "--json"], ["status", run.directory.path]]
      if number % 6 == 0 {
        commands.append(["coordinator", "--resume", "--run-directory", run.directory.path])
      }
      for arguments in commands {
        let program = try Program.start(arguments)
        // A recovered run that lacks its last records waits for workers.
        if arguments[0] == "coordinator" {
          try waitUntil("it has ended or listens") {
            try !program.isRunning
              || run.connection()?.processID == program.processIdentifier
          }
          program.signal(SIGTERM)
        }
        let ending = program.ending()
        endings[ending.status, default: 0] += 1
        #expect(!ending.isBySignal, "number \(number): \(arguments)")
        #expect(ending.status == 0 || ending.errors.contains("elsa: "), "number \(number)")
      }
    }
    #expect(endings[0, default: 0] > 10)
    #expect(endings.filter { $0.key != 0 }.values.reduce(0, +) > 10)
  }

  /// Puts a file in the journal's place, without what SQLite keeps beside it.
  private func place(_ bytes: [UInt8]) throws {
    for suffix in ["-wal", "-shm"] { unsafe unlink(path + suffix) }
    try Data(bytes).write(to: URL(filePath: path))
  }

  /// Returns a file with bytes zeroed or flipped, two pages swapped, or its end missing.
  private func damaged(
    _ bytes: [UInt8], using generator: inout SeededGenerator
  ) -> [UInt8] {
    var damaged = bytes
    let start = generator.index(below: bytes.count)
    switch generator.index(below: 4) {
    case 0: for index in start..<min(bytes.count, start + 3) { damaged[index] = 0 }
    case 1: damaged[start] ^= 0x55
    case 2:
      let pages = [0, 1].map { _ in generator.index(below: bytes.count / 4096) * 4096 }
      for offset in 0..<4096 { damaged.swapAt(pages[0] + offset, pages[1] + offset) }
    default: damaged.removeLast(generator.index(below: bytes.count / 2))
    }
    return damaged
  }

  @Test func `losses that an older program has journaled as none are missing, not fatal`() throws {
    // As before results were checked: not a number in one shard, and in what it was summed up to.
    var spoilt: Set<CandidateID> = []
    let numbers: [Double] = [.nan, .infinity, -5]
    let records = try records().map { record -> JournalRecord in
      switch record {
      case .shardCompleted(var completion) where spoilt.count < numbers.count:
        let candidate = completion.shard.candidate
        guard !spoilt.contains(candidate) else { return record }
        completion.measurement = ShardMeasurement(
          correct: completion.measurement.correct, summedLoss: numbers[spoilt.count])
        spoilt.insert(candidate)
        return .shardCompleted(completion)
      case .evaluated(var result) where spoilt.contains(result.candidate):
        result.summedLoss = .nan
        return .evaluated(result)
      default: return record
      }
    }
    #expect(spoilt.count == numbers.count)
    for suffix in ["", "-wal", "-shm"] { unsafe unlink(path + suffix) }
    let journal = try Journal(in: run.directory)
    try journal.append(records, at: 0, writtenAt: Date())
    try journal.close()
    let points = try #require(try run.front()["points"] as? [[String: Any]])
    #expect(!points.isEmpty)
    for point in points {
      let candidate = CandidateID(try #require(point["candidate"] as? Int))
      #expect((point["meanLoss"] == nil) == spoilt.contains(candidate))
    }
    let resumed = try Program.run([
      "coordinator", "--resume", "--run-directory", run.directory.path,
    ])
    #expect(resumed.status == 0, "\(resumed.errors)")
  }

  @Test func `a front is read from the snapshot on, without the records before it`() throws {
    let before = try run.front()
    let records = try records()
    guard case .opened(let opening) = try #require(records.first) else {
      Issue.record("the journal begins with \(String(describing: records.first))")
      return
    }
    let members = Set(
      try #require(before["points"] as? [[String: Any]]).compactMap { $0["candidate"] as? Int })
    var genomes: [CandidateID: Genome] = [:]
    var archive: [StoredIndividual] = []
    for record in records {
      if case .proposed(let candidate, let genome) = record { genomes[candidate] = genome }
      guard case .evaluated(let result) = record, members.contains(result.candidate.rawValue) else {
        continue
      }
      let objectives = zip(opening.description.objectives, result.objectives)
      archive.append(
        StoredIndividual(
          candidate: result.candidate, genome: try #require(genomes[result.candidate]),
          objectives: objectives.map { $0.minimized($1) }, violation: 0))
    }
    let snapshot = RunSnapshot(
      recordCount: records.count, opening: opening, proposalCount: 12, evaluationCount: 12,
      quarantinedCount: 0, archive: archive, waiting: [],
      knownCodes: [UInt8](repeating: 0, count: 12 * RunSnapshot.codeSize), algorithmState: [1],
      done: [],
      completed: [], quarantined: [], shardCount: 60, paceSamples: [], paceNext: 0)
    let place = try #require(
      records.firstIndex { if case .shardCompleted = $0 { true } else { false } })
    let journal = try Journal(in: run.directory)
    try journal.replaceSnapshot(
      with: JournalSnapshot(
        recordCount: records.count, term: opening.term, content: snapshot.encoded()),
      writtenAt: Date(timeIntervalSince1970: 0))
    try journal.overwriteContent(ofRecord: place)
    try journal.close()
    #expect(throws: RunStorageError.self) { try self.records() }
    let after = try run.front()
    // The result that is damaged is one of the dense model's; nothing else needs it.
    #expect(before["dense"] != nil && after["dense"] == nil)
    #expect(try points(after) == points(before))
    #expect(after["hypervolume"] as? Double == before["hypervolume"] as? Double)
    #expect(after["evaluations"] as? Int == 12)
  }

  @Test func `a quarantined candidate is named by front, its file and the last message`() throws {
    let known = try records().compactMap { record -> Genome? in
      if case .proposed(_, let genome) = record { genome } else { nil }
    }
    let crossed = known.flatMap { first in
      known.map { Genome(genes: Array(first.genes.prefix(12) + $0.genes.dropFirst(12))) }
    }
    let genome = try #require(crossed.first { !known.contains($0) })
    let journal = try Journal(in: run.directory)
    try journal.append(
      [
        .proposed(CandidateID(12), genome),
        .quarantined(CandidateID(12), diagnostic: "seven workers died over it alone"),
      ], at: journal.recordCount, writtenAt: Date(timeIntervalSince1970: 0))
    try journal.close()

    let front = try run.front()
    let quarantined = try #require(front["quarantined"] as? [[String: Any]])
    #expect(quarantined.count == 1)
    #expect(quarantined.first?["candidate"] as? Int == 12)
    #expect(quarantined.first?["reason"] as? String == "seven workers died over it alone")
    let entry = try #require(quarantined.first?["genome"] as? [String: Any])
    #expect((entry["decisions"] as? [String: String])?.count == 24)
    let table = try Program.run(["front", run.directory.path])
    #expect(table.output.contains("quarantined, not evaluated:\n  #12 ("))
    #expect(table.output.contains("seven workers died over it alone"))

    let text = try String(contentsOfFile: run.runFile, encoding: .utf8)
    let more = try run.folder.write(
      text.replacingOccurrences(of: "evaluations: 12", with: "evaluations: 15"), to: "more.yaml")
    let stopped = try Program.start([
      "coordinator", more, "--run-directory", run.directory.path,
    ])
    try waitUntil("it listens") {
      try run.connection()?.processID == stopped.processIdentifier
    }
    stopped.signal(SIGTERM)
    let diagnostic = "candidate #12 is quarantined and was not evaluated (seven workers died"
    #expect(stopped.ending().errors.contains(diagnostic), "\(stopped.errors)")
    let searched = try Program.run([
      "search", more, "--run-directory", run.directory.path, "--workers", "1",
    ])
    #expect(searched.status == 0)
    #expect(searched.errors.contains(diagnostic), "\(searched.errors)")
    #expect(searched.output.contains("quarantined, not evaluated:"))
    let kept = try #require(
      JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: run.directory.file("front.json"))))
        as? [String: Any])
    #expect((kept["quarantined"] as? [Any])?.count == 1)
    #expect(kept["evaluations"] as? Int == 14)
    #expect(try points(kept) == points(run.front()))
  }
}
