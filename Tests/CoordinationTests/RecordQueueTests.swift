import Coordination
import SparsityCore
import Testing
import WireProtocol

struct RecordQueueTests {
  private func record(_ number: Int) -> JournalRecord {
    .proposed(CandidateID(number), Genome(genes: [0]))
  }

  @Test func `records gather while a batch is written`() {
    var queue = RecordQueue(term: Term(1), durableCount: 10)
    let none = queue.nextBatch(at: .start)
    #expect(none == nil)
    queue.append(record(0))
    let first = queue.nextBatch(at: .start)
    #expect(first?.firstSequence == 10)
    queue.append(record(1))
    queue.append(record(2))
    let busy = queue.nextBatch(at: .start)
    #expect(busy == nil)
    let confirmed = queue.confirm(firstSequence: 10)
    #expect(confirmed == [record(0)])
    let second = queue.nextBatch(at: .start)
    #expect(second?.firstSequence == 11)
    #expect(second?.records == [record(1), record(2)])
    _ = queue.confirm(firstSequence: 11)
    #expect(queue.isEmpty)
  }

  @Test func `a failed batch comes again, with what has gathered`() {
    var queue = RecordQueue(term: Term(1), durableCount: 0)
    queue.append(record(0))
    _ = queue.nextBatch(at: .start)
    queue.append(record(1))
    let retry = Instant.start + .seconds(2)
    queue.fail(firstSequence: 0, retryAt: retry)
    #expect(queue.isFailing)
    #expect(queue.wakeDeadline == retry)
    let early = queue.nextBatch(at: .start)
    #expect(early == nil)
    let batch = queue.nextBatch(at: retry)
    #expect(batch?.firstSequence == 0)
    #expect(batch?.records == [record(0), record(1)])
    // While it is being written there is nothing to wake up for.
    #expect(queue.wakeDeadline == nil)
    #expect(queue.isFailing)
    _ = queue.confirm(firstSequence: 0)
    #expect(!queue.isFailing)
  }

  @Test func `a batch is bounded`() {
    var queue = RecordQueue(term: Term(1), durableCount: 0)
    for number in 0..<(RecordQueue.batchCountMax + 5) { queue.append(record(number)) }
    let first = queue.nextBatch(at: .start)
    #expect(first?.records.count == RecordQueue.batchCountMax)
    _ = queue.confirm(firstSequence: 0)
    let second = queue.nextBatch(at: .start)
    #expect(second?.records.count == 5)
  }
}
