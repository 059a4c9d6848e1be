import WireProtocol

/// The records on their way to the store: one batch is being written, the rest waits.
///
/// New records gather while a batch is written, so a slow store gets large batches and a fast one
/// small ones.
package struct RecordQueue: Sendable {
  /// The records that one batch holds at most.
  package static let batchCountMax = 4096

  /// The term that batches carry.
  package let term: Term
  /// The place in the journal of the first record that is not durable.
  package private(set) var firstSequence: Int
  /// When to try again, if the store fails.
  package private(set) var retryDeadline: Instant?
  private var records: [JournalRecord] = []
  private var writingCount = 0

  /// Creates an empty queue behind the durable records.
  package init(term: Term, durableCount: Int) {
    self.term = term
    firstSequence = durableCount
  }

  /// The records that are not durable.
  package var count: Int { records.count }

  /// The records that were ever added, durable or not.
  package var appendedCount: Int { firstSequence + records.count }

  /// The records that are not durable, in order.
  package var waiting: [JournalRecord] { records }

  /// Whether everything is durable.
  package var isEmpty: Bool { records.isEmpty }

  /// When the next attempt to write is due, if one is waited for.
  package var wakeDeadline: Instant? { writingCount == 0 ? retryDeadline : nil }

  /// Whether the last write failed.
  package var isFailing: Bool { retryDeadline != nil }

  /// Adds a record behind the others.
  package mutating func append(_ record: JournalRecord) {
    records.append(record)
  }

  /// Returns the next batch to write, if there is something to write and the store is free.
  package mutating func nextBatch(at now: Instant) -> JournalBatch? {
    guard writingCount == 0, !records.isEmpty else { return nil }
    if let retryDeadline, now < retryDeadline { return nil }
    writingCount = min(records.count, Self.batchCountMax)
    return JournalBatch(
      term: term, firstSequence: firstSequence, records: Array(records.prefix(writingCount)))
  }

  /// Takes note that the batch is durable and returns its records.
  ///
  /// - Precondition: a batch that begins at `sequence` is being written.
  package mutating func confirm(firstSequence sequence: Int) -> [JournalRecord] {
    precondition(writingCount > 0)
    precondition(sequence == firstSequence)
    let confirmed = Array(records.prefix(writingCount))
    records.removeFirst(writingCount)
    firstSequence += writingCount
    writingCount = 0
    retryDeadline = nil
    return confirmed
  }

  /// Takes note that the batch could not be written; it will come again at `deadline`.
  ///
  /// - Precondition: a batch that begins at `sequence` is being written.
  package mutating func fail(firstSequence sequence: Int, retryAt deadline: Instant) {
    precondition(writingCount > 0)
    precondition(sequence == firstSequence)
    writingCount = 0
    retryDeadline = deadline
  }

  /// Makes the next attempt due at once.
  package mutating func retryNow(at now: Instant) {
    if retryDeadline != nil { retryDeadline = now }
  }

  /// Traps unless the batch being written is part of the queue.
  package func checkInvariants() {
    precondition(writingCount <= records.count)
    precondition(writingCount <= Self.batchCountMax)
  }
}
