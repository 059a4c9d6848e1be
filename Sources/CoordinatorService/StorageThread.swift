import Coordination
import Foundation
import RunStorage
import Synchronization
import ZeroMQ

/// Writes batches and snapshots into the journal on a thread of its own, so that a slow disk delays
/// nothing but acknowledgements.
final class StorageThread: Sendable {
  /// What became of a batch.
  enum Outcome: Sendable {
    case persisted(firstSequence: Int)
    case failed(firstSequence: Int, RunStorageError)
    case snapshotWritten(recordCount: Int)
    case snapshotFailed(recordCount: Int, RunStorageError)
  }

  /// What the thread is asked to write.
  private enum Job: Sendable {
    case batch(JournalBatch)
    case snapshot(CoordinatorSnapshot)
  }

  private struct State {
    var jobs: [Job] = []
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
  func write(_ batch: JournalBatch) { add(.batch(batch)) }

  /// Hands over a snapshot of records that were written; nothing waits for it but later batches.
  func write(_ snapshot: CoordinatorSnapshot) { add(.snapshot(snapshot)) }

  private func add(_ job: Job) {
    state.withLock { $0.jobs.append(job) }
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
      let job: Job? = state.withLock { state in
        state.jobs.isEmpty ? nil : state.jobs.removeFirst()
      }
      let outcome: Outcome
      switch job {
      case .batch(let batch): outcome = write(toJournal: batch)
      case .snapshot(let snapshot): outcome = write(toJournal: snapshot)
      case nil:
        ended.signal()
        return
      }
      state.withLock { $0.outcomes.append(outcome) }
      wakeUp.signal()
    }
  }

  private func write(toJournal snapshot: CoordinatorSnapshot) -> Outcome {
    do throws(RunStorageError) {
      let stored = JournalSnapshot(
        recordCount: snapshot.recordCount, term: snapshot.term, content: snapshot.encoded())
      try journal.replaceSnapshot(with: stored, writtenAt: Date())
      return .snapshotWritten(recordCount: snapshot.recordCount)
    } catch {
      return .snapshotFailed(recordCount: snapshot.recordCount, error)
    }
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
