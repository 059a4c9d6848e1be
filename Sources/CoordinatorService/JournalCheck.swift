import Foundation
import RunStorage
import Synchronization
import ZeroMQ

/// Looks for damage in the structure of a journal's file on a thread of its own while the run goes
/// on: with millions of records that takes longer than all else of a restart.
final class JournalCheck: Sendable {
  /// What was found.
  enum Outcome: Sendable {
    case sound
    case damaged(RunStorageError)
    /// The check itself has failed, which says nothing about the file.
    case unknown(RunStorageError)
  }

  private struct State {
    var reader: JournalReader?
    var outcome: Outcome?
    var isCancelled = false
  }

  /// The time after which a check that was told to end is told again.
  private static let patience = DispatchTimeInterval.milliseconds(10)

  private let directory: RunDirectory
  private let wakeUp: WakeUp
  private let state = Mutex(State())
  private let ended = DispatchSemaphore(value: 0)

  /// Starts the thread; `wakeUp` is signalled at its end.
  init(of directory: RunDirectory, wakeUp: WakeUp) {
    self.directory = directory
    self.wakeUp = wakeUp
    let thread = Thread { [self] in run() }
    thread.name = "journal check"
    thread.start()
  }

  /// Returns what was found, once.
  func takeOutcome() -> Outcome? {
    state.withLock { state in
      defer { state.outcome = nil }
      return state.outcome
    }
  }

  /// Ends the thread, done or not, and waits for it; once is enough.
  func finish() {
    let isFirst = state.withLock { state in
      defer { state.isCancelled = true }
      return !state.isCancelled
    }
    guard isFirst else { return }
    while ended.wait(timeout: .now() + Self.patience) == .timedOut {
      // What does not run yet cannot be interrupted; so it is told again.
      state.withLock { $0.reader }?.interruptCheck()
    }
  }

  private func run() {
    let outcome = check()
    state.withLock { state in
      state.reader = nil
      if !state.isCancelled { state.outcome = outcome }
    }
    wakeUp.signal()
    ended.signal()
  }

  private func check() -> Outcome {
    do throws(RunStorageError) {
      let reader = try JournalReader(of: directory)
      let isCancelled = state.withLock { state in
        state.reader = reader
        return state.isCancelled
      }
      if !isCancelled { try reader.checkIntegrity() }
      return .sound
    } catch .corrupt(let path, let diagnostic) {
      return .damaged(.corrupt(path: path, diagnostic: diagnostic))
    } catch {
      return .unknown(error)
    }
  }
}
