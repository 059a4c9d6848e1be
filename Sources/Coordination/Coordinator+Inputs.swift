import WireProtocol

extension Coordinator {
  /// Takes a worker's question about the run's files; only who has a session gets an answer.
  mutating func take(_ message: InputMessage, from worker: WorkerID) {
    guard leases.sessions[worker] != nil else {
      answerStranger(worker)
      return
    }
    switch message {
    case .list, .fetch: outbox.append(.serve(message, to: worker))
    case .inventory, .chunk, .unavailable: counters.strayMessages += 1
    }
  }

  /// Sends what was looked up, unless the worker has gone meanwhile.
  mutating func answer(_ message: InputMessage, to worker: WorkerID) {
    guard leases.sessions[worker] != nil else { return }
    send(.inputs(message), to: worker)
  }

  /// Whether a worker has a session.
  package func hasSession(_ worker: WorkerID) -> Bool { leases.sessions[worker] != nil }
}
