import Coordination
import Foundation
import Synchronization
import ZeroMQ

/// Has the search think on a thread of its own, so that an algorithm that takes its time holds up
/// no heartbeat.
final class SearchThread: Sendable {
  private struct State {
    var request: ProposalRequest?
    var answer: ProposalAnswer?
    var isFinished = false
  }

  private let wakeUp: WakeUp
  private let state = Mutex(State())
  private let work = DispatchSemaphore(value: 0)

  /// Starts the thread; `wakeUp` is signalled after each answer.
  init(wakeUp: WakeUp) {
    self.wakeUp = wakeUp
    let thread = Thread { [self] in run() }
    thread.name = "search"
    thread.stackSize = 4 << 20
    thread.start()
  }

  /// Hands over a request; there is one at a time.
  func think(about request: ProposalRequest) {
    state.withLock { state in
      precondition(state.request == nil && state.answer == nil)
      state.request = request
    }
    work.signal()
  }

  /// Removes and returns the answer, if there is one.
  func takeAnswer() -> ProposalAnswer? {
    state.withLock { state in
      defer { state.answer = nil }
      return state.answer
    }
  }

  /// Ends the thread when it has thought to the end; nobody waits for it.
  func finish() {
    state.withLock { $0.isFinished = true }
    work.signal()
  }

  private func run() {
    while true {
      work.wait()
      let (request, isFinished) = state.withLock { state in
        defer { state.request = nil }
        return (state.request, state.isFinished)
      }
      if isFinished { return }
      guard let request else { continue }
      let answer = request.answer()
      state.withLock { $0.answer = answer }
      wakeUp.signal()
    }
  }
}
