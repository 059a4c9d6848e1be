import Coordination
import RunStorage
import SparsityCore

/// The journal's threads as the coordinator's loop sees them: what is written, what has become of
/// it, and whether the file is damaged.
struct JournalKeeper: ~Copyable {
  private let storage: StorageThread
  private let check: JournalCheck?
  /// The batches that are durable.
  private(set) var commitCount = 0
  /// Why the run cannot go on, if so.
  private(set) var failure: RunStorageError?

  /// Takes over threads.
  init(storage: StorageThread, check: JournalCheck?) {
    self.storage = storage
    self.check = check
  }

  deinit { storage.finish() }

  /// Hands over a batch.
  func write(_ batch: JournalBatch) { storage.write(batch) }

  /// Hands over a snapshot of records that were written.
  func write(_ snapshot: CoordinatorSnapshot) { storage.write(snapshot) }

  /// Ends the writes after what was handed over, and waits for it.
  func finish() { storage.finish() }

  /// Lets the run end for a reason that was found elsewhere.
  mutating func fail(_ error: RunStorageError) { failure = error }

  /// Returns what the coordinator has to know since the last call, and what has to be told.
  mutating func takeOutcomes() -> (events: [Coordinator.Event], notices: [Notice]) {
    var events: [Coordinator.Event] = []
    var notices: [Notice] = []
    for outcome in storage.takeOutcomes() {
      switch outcome {
      case .persisted(let sequence):
        commitCount += 1
        events.append(.persisted(firstSequence: sequence))
      case .failed(let sequence, let error) where error.isTemporary:
        events.append(.persistFailed(firstSequence: sequence, diagnostic: "\(error)"))
      case .failed(_, let error): failure = error
      case .snapshotWritten(let count):
        let text = "a snapshot of \(counted(count, "record")) was written"
        notices.append(Notice(text, urgency: .information))
      case .snapshotFailed(let count, let error):
        // The records are there; only a restart would take longer.
        let text = "a snapshot of \(counted(count, "record")) could not be written: \(error)"
        notices.append(Notice(text, urgency: .warning))
      }
    }
    if let notice = takeCheckOutcome() { notices.append(notice) }
    return (events, notices)
  }

  private mutating func takeCheckOutcome() -> Notice? {
    switch check?.takeOutcome() {
    case .sound: return Notice("the structure of the journal is sound", urgency: .information)
    case .damaged(let error):
      failure = error
      return nil
    case .unknown(let error):
      let text = "the structure of the journal could not be checked: \(error)"
      return Notice(text, urgency: .warning)
    case nil: return nil
    }
  }
}
