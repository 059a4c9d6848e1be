import WireProtocol

/// What the event that is being applied asks for, in order, and the numbers of its messages.
package struct Outbox: Sendable {
  /// The number of this life of the coordinator within its run.
  package let term: Term
  private let run: RunID
  /// The messages sent so far.
  private var sequence: UInt64 = 0
  private var effects: [Coordinator.Effect] = []

  /// Creates an empty outbox.
  package init(run: RunID, term: Term) {
    self.run = run
    self.term = term
  }

  /// Adds a message to a worker.
  package mutating func send(_ message: Message, to worker: WorkerID) {
    effects.append(.send(envelope(of: message), to: worker))
    sequence += 1
  }

  /// Adds a notification.
  package mutating func notify(_ notification: Coordinator.Notification) {
    effects.append(.notify(notification))
  }

  /// Adds something else.
  package mutating func append(_ effect: Coordinator.Effect) { effects.append(effect) }

  /// Removes and returns everything, in the order in which it was added.
  package mutating func take() -> [Coordinator.Effect] {
    defer { effects = [] }
    return effects
  }

  /// Puts a message into an envelope; it does not count as sent.
  package func envelope(of message: Message) -> Envelope {
    Envelope(run: run, term: term, sequence: sequence, message: message)
  }
}
