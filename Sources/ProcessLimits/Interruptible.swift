import Foundation
import Synchronization

/// Work that may be dropped at any moment, since all that it has finished is on disk.
///
/// Decoding, factorising and hashing can take minutes between two places where they could be asked
/// to stop. So nobody asks them: the process ends beside them.
package enum Interruptible {
  private enum State {
    case running
    case over
    case ending
  }

  /// How often a request is looked for.
  private static let pollInterval = 0.05

  /// Does `body`; a request to end that comes meanwhile, or came before, ends the process.
  ///
  /// - Parameter end: ends the process; called on another thread while `body` goes on.
  package static func run<Result>(
    endingBy end: @escaping @Sendable () -> Never, _ body: () throws -> Result
  ) rethrows -> Result {
    let state = SharedState()
    let watcher = Thread {
      while state.value.withLock({ $0 == .running }) {
        if StopSignals.request != .none, state.move(to: .ending) { end() }
        Thread.sleep(forTimeInterval: pollInterval)
      }
    }
    watcher.name = "stop requests"
    watcher.start()
    defer {
      // The end has begun: anyone who comes after `body` must not go on beside it.
      while !state.move(to: .over) { Thread.sleep(forTimeInterval: pollInterval) }
    }
    return try body()
  }

  private final class SharedState: Sendable {
    let value = Mutex(State.running)

    /// Leaves ``State/running``; returns whether that was the state.
    func move(to next: State) -> Bool {
      value.withLock { state in
        guard state == .running else { return false }
        state = next
        return true
      }
    }
  }
}
