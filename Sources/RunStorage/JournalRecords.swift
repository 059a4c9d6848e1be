import WireProtocol

/// The records of a journal in order, read a portion at a time: a million evaluations are never in
/// memory at once.
///
/// A sequence cannot throw; anyone who has gone through it asks for ``failure``.
package final class JournalRecords: Sequence, IteratorProtocol {
  private static let portionCount = 10_000

  private let read: (_ sequence: Int, _ countMax: Int) throws(RunStorageError) -> [JournalRecord]
  private var portion: ArraySlice<JournalRecord> = []
  private var nextSequence: Int
  private var isAtEnd = false
  /// Why the sequence has ended too early, if it has.
  package private(set) var failure: RunStorageError?

  /// Creates the sequence of an open journal's records from the place `sequence` on.
  package init(of journal: Journal, from sequence: Int = 0) {
    precondition(sequence >= 0)
    read = { sequence, countMax throws(RunStorageError) in
      try journal.records(from: sequence, countMax: countMax)
    }
    nextSequence = sequence
  }

  /// Creates the sequence of the records from the place `sequence` on that a reader sees.
  package init(of reader: JournalReader, from sequence: Int = 0) {
    precondition(sequence >= 0)
    read = { sequence, countMax throws(RunStorageError) in
      try reader.records(from: sequence, countMax: countMax)
    }
    nextSequence = sequence
  }

  /// Returns the next record, or `nil` at the end or after a failure.
  package func next() -> JournalRecord? {
    if portion.isEmpty, !isAtEnd { readPortion() }
    return portion.popFirst()
  }

  private func readPortion() {
    do throws(RunStorageError) {
      let records = try read(nextSequence, Self.portionCount)
      nextSequence += records.count
      isAtEnd = records.count < Self.portionCount
      portion = records[...]
    } catch {
      failure = error
      isAtEnd = true
    }
  }
}
