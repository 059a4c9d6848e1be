import WireProtocol

extension WorkerMachine {
  /// Sends what the loader of the inputs asks; it asks again if that is lost on the way.
  mutating func ask(_ message: InputMessage) {
    guard case .preparing = phase, link.isWelcome else { return }
    send(.inputs(message))
  }

  /// Hands an answer to the loader of the inputs, if it is still at work.
  mutating func pass(_ message: InputMessage) {
    guard case .preparing = phase else { return }
    effects.append(.deliver(message))
  }
}
