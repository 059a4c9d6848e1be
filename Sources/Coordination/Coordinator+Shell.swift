import SparsityCore
import WireProtocol

extension Coordinator {
  /// Puts a message that the shell says by itself into an envelope; it does not count as sent.
  public func envelope(of message: Message) -> Envelope {
    Envelope(
      run: settings.description.run, epoch: epoch, sequence: sequence, message: message)
  }

  /// The slots of a worker and the leases that it holds, both zero without a session.
  public func burden(of worker: WorkerID) -> (slots: Int, leases: Int) {
    guard let session = sessions[worker] else { return (0, 0) }
    return (session.slots, session.leases.count)
  }

  /// The candidates that were set aside because they cannot be evaluated, in order of birth.
  public var quarantinedCandidates: [CandidateID] { quarantined.sorted() }
}
