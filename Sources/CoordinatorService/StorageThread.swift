import Coordination
import Foundation
import RunStorage
import Synchronization
import ZeroMQ

/// Writes batches into the journal on a thread of its own, so that a slow disk delays nothing but
/// acknowledgements.
final class StorageThread: Sendable {
  /// What became of a batch.
  enum Outcome: Sendable {
    case persisted(firstSequence: Int)
    case failed(firstSequence: Int, RunStorageError)
  }

  private struct State {
    var batches: [JournalBatch] = []
    var outcomes: [Outcome] = []
    var isFinished = false
  }

  private let journal: Journal
  private let wakeUp: WakeUp
  private let state = Mutex(State())
  private let work = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  /// Starts the thread; `wakeUp` is signalled after each batch.
  init(journal: Journal, wakeUp: WakeUp) {
    self.journal = journal
    self.wakeUp = wakeUp
    let thread = Thread { [self] in run() }
    thread.name = "journal"
    thread.start()
  }

  /// Hands over a batch.
  func write(_ batch: JournalBatch) {
    state.withLock { $0.batches.append(batch) }
    work.signal()
  }

  /// Returns what has become of batches since the last call, in their order.
  func takeOutcomes() -> [Outcome] {
    state.withLock { state in
      defer { state.outcomes.removeAll() }
      return state.outcomes
    }
  }

  /// Ends the thread after the batches that were handed over, and waits for it; once is enough.
  func finish() {
    let isFirst = state.withLock { state in
      defer { state.isFinished = true }
      return !state.isFinished
    }
    guard isFirst else { return }
    work.signal()
    ended.wait()
  }

  private func run() {
    while true {
      work.wait()
      let batch: JournalBatch? = state.withLock { state in
        state.batches.isEmpty ? nil : state.batches.removeFirst()
      }
      guard let batch else { break }
      let outcome = write(toJournal: batch)
      state.withLock { $0.outcomes.append(outcome) }
      wakeUp.signal()
    }
    ended.signal()
  }

  private func write(toJournal batch: JournalBatch) -> Outcome {
    do throws(RunStorageError) {
      try journal.append(batch.records, at: batch.firstSequence, writtenAt: Date())
      return .persisted(firstSequence: batch.firstSequence)
    } catch {
      return .failed(firstSequence: batch.firstSequence, error)
    }
  }
}
