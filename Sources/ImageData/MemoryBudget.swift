import Dispatch
import Synchronization

/// The memory that several threads may take together for decoding.
///
/// Shares are granted in the order in which they are asked for, so that a large image is not passed
/// over for ever. Nobody waits while holding a share.
package final class MemoryBudget: Sendable {
  /// The bytes that all shares together may have.
  package let capacityBytes: Int
  private let state: Mutex<State>

  private struct State {
    var availableBytes: Int
    var waiting: [(bytes: Int, semaphore: DispatchSemaphore)] = []
  }

  /// The budget of all threads of the process that decode images.
  ///
  /// It suffices for any image that is decoded at all, but for files above 200 MB and the largest
  /// progressive JPEG of four colours.
  package static let decoding = MemoryBudget(capacityBytes: 1 << 30)

  package init(capacityBytes: Int) {
    precondition(capacityBytes >= 0)
    self.capacityBytes = capacityBytes
    self.state = Mutex(State(availableBytes: capacityBytes))
  }

  /// Waits for a share of this size.
  ///
  /// - Precondition: The share is no larger than the capacity; the thread holds no other.
  package func take(_ bytes: Int) {
    precondition(bytes >= 0)
    precondition(bytes <= capacityBytes)
    let semaphore = state.withLock { state -> DispatchSemaphore? in
      if state.waiting.isEmpty, bytes <= state.availableBytes {
        state.availableBytes -= bytes
        return nil
      }
      let semaphore = DispatchSemaphore(value: 0)
      state.waiting.append((bytes, semaphore))
      return semaphore
    }
    semaphore?.wait()
  }

  /// Enlarges a share if that needs no waiting, and says whether it did.
  package func grow(by bytes: Int) -> Bool {
    precondition(bytes >= 0)
    return state.withLock { state in
      guard state.waiting.isEmpty, bytes <= state.availableBytes else { return false }
      state.availableBytes -= bytes
      return true
    }
  }

  /// Gives a share back.
  package func giveBack(_ bytes: Int) {
    precondition(bytes >= 0)
    state.withLock { state in
      state.availableBytes += bytes
      precondition(state.availableBytes <= capacityBytes)
      while let first = state.waiting.first, first.bytes <= state.availableBytes {
        state.availableBytes -= first.bytes
        state.waiting.removeFirst()
        first.semaphore.signal()
      }
    }
  }
}
