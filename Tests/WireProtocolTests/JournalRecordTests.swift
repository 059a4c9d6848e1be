import SparsityCore
import Testing
import WireProtocol

struct JournalRecordTests {
  @Test(arguments: Samples.records)
  func `a record comes back as it was written`(record: JournalRecord) throws {
    #expect(try JournalRecord(decoding: record.encoded()) == record)
  }

  @Test(arguments: Samples.records)
  func `every change of one byte is decoded or refused`(record: JournalRecord) throws {
    let bytes = record.encoded()
    for index in bytes.indices {
      for value in UInt8.min...UInt8.max where value != bytes[index] {
        var spoilt = bytes
        spoilt[index] = value
        guard let decoded = try? JournalRecord(decoding: spoilt) else { continue }
        #expect(try JournalRecord(decoding: decoded.encoded()) == decoded)
      }
    }
  }

  @Test(arguments: Samples.records)
  func `every beginning of a record is decoded or refused`(record: JournalRecord) {
    let bytes = record.encoded()
    for count in 0..<bytes.count {
      let decoded = try? JournalRecord(decoding: Array(bytes.prefix(count)))
      #expect(decoded != record)
    }
  }

  @Test
  func `a record of a newer version and one of an unknown kind are refused with a diagnostic`()
    throws
  {
    let bytes = JournalRecord.quarantined(CandidateID(1), diagnostic: "x").encoded()
    // The version is field 15, a varint; records begin or end with it.
    let newer = bytes + [15 << 3, 9]
    #expect(throws: WireError.newerRecord(version: 9, supported: 3)) {
      try JournalRecord(decoding: newer)
    }
    // Field 14 with no bytes stands for a kind of a later program.
    let error = #expect(throws: WireError.self) {
      try JournalRecord(decoding: [15 << 3, 1, 14 << 3 | 2, 0])
    }
    #expect(error?.description.contains("of a kind that version 1 has not") == true)
  }

  @Test(arguments: Samples.noLosses)
  func `a loss that is none is read as missing`(loss: Double) throws {
    let record = JournalRecord.shardCompleted(
      ShardCompletion(
        shard: Samples.shard, key: Samples.key,
        measurement: ShardMeasurement(correct: BitVector(count: 3), summedLoss: loss), worker: "",
        evaluationMicroseconds: 0))
    let decoded = try JournalRecord(decoding: record.encoded())
    guard case .shardCompleted(let completion) = decoded else {
      Issue.record("another record")
      return
    }
    #expect(completion.measurement.summedLoss == nil)
    #expect(try JournalRecord(decoding: decoded.encoded()) == decoded)
    let sum = JournalRecord.evaluated(
      EvaluatedCandidate(
        candidate: CandidateID(1), correctCount: 1, imageCount: 3, summedLoss: loss, costs: [],
        objectives: [0.5]))
    guard case .evaluated(let evaluated) = try JournalRecord(decoding: sum.encoded()) else {
      Issue.record("another record")
      return
    }
    #expect(evaluated.summedLoss == nil)
  }

  @Test func `names that were longer once are cut, texts are made fit for a terminal`() throws {
    let name = String(repeating: "é", count: 50) + "\u{1B}[2J"
    let record = JournalRecord.shardCompleted(
      ShardCompletion(
        shard: Samples.shard, key: Samples.key, measurement: Samples.measurement, worker: name,
        evaluationMicroseconds: 0))
    guard case .shardCompleted(let completion) = try JournalRecord(decoding: record.encoded())
    else {
      Issue.record("another record")
      return
    }
    #expect(completion.worker == String(repeating: "é", count: 32))
    let quarantined = JournalRecord.quarantined(CandidateID(1), diagnostic: "a\u{7}b")
    #expect(
      try JournalRecord(decoding: quarantined.encoded())
        == .quarantined(CandidateID(1), diagnostic: "a\\u{7}b"))
  }
}
