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

  @Test func `a loss that is no number keeps its bits`() throws {
    let loss = Double(bitPattern: 0x7ff8_0000_0000_0123)
    let measurement = ShardMeasurement(correct: BitVector(count: 3), summedLoss: loss)
    let record = JournalRecord.shardCompleted(
      ShardCompletion(
        shard: Samples.shard, key: Samples.key, measurement: measurement, worker: "",
        evaluationMicroseconds: 0))
    let decoded = try JournalRecord(decoding: record.encoded())
    #expect(decoded == record)
    guard case .shardCompleted(let completion) = decoded else { return }
    #expect(completion.measurement.summedLoss.bitPattern == loss.bitPattern)
  }
}
