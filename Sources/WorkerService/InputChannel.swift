import Dispatch
import Synchronization
import WireProtocol
import ZeroMQ

/// Carries messages about inputs between the thread that loads them and the one that owns the
/// socket.
package final class InputChannel: Sendable {
  private struct State {
    var questions: [InputMessage] = []
    var answers: [InputMessage] = []
    var isClosed = false
  }

  /// The messages that wait in each direction; what comes beyond them is lost, as on the network.
  private static let countMax = 4 * WireLimits.fetchCountMax

  private let wakeUp: WakeUp
  private let state = Mutex(State())
  private let hasAnswer = DispatchSemaphore(value: 0)

  /// Creates a channel; `wakeUp` is signalled when there is something to be sent.
  init(wakeUp: WakeUp) {
    self.wakeUp = wakeUp
  }

  // MARK: The loading thread

  /// Whether the worker ends, so that nothing is to be loaded any more.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Asks the coordinator something.
  func send(_ message: InputMessage) {
    state.withLock { state in
      if state.questions.count < Self.countMax { state.questions.append(message) }
    }
    wakeUp.signal()
  }

  /// Waits at most `timeout` for what the coordinator says next; `nil` after it or when closed.
  func receive(atMost timeout: Duration) -> InputMessage? {
    let (seconds, attoseconds) = timeout.components
    let time = Double(seconds) + Double(attoseconds) * 1e-18
    guard hasAnswer.wait(timeout: .now() + max(0, time)) == .success else { return nil }
    return state.withLock { $0.answers.isEmpty ? nil : $0.answers.removeFirst() }
  }

  // MARK: The socket's thread

  /// Returns what is to be sent.
  func takeQuestions() -> [InputMessage] {
    state.withLock { state in
      defer { state.questions = [] }
      return state.questions
    }
  }

  /// Hands over what the coordinator has said.
  func deliver(_ message: InputMessage) {
    let isTaken = state.withLock { state in
      guard state.answers.count < Self.countMax else { return false }
      state.answers.append(message)
      return true
    }
    if isTaken { hasAnswer.signal() }
  }

  /// Ends every wait of the loading thread, now and later.
  func close() {
    state.withLock { $0.isClosed = true }
    hasAnswer.signal()
  }
}
