import SparsityCore
import WireProtocol

/// What messages bring about.
extension Coordinator {
  /// Applies a message.
  mutating func receive(
    _ envelope: Envelope, from worker: WorkerID, key: String?, at now: Instant
  ) {
    if faults.isRefused(worker) {
      if let refusal = faults.repeatRefusal(of: worker) { send(.refused(refusal), to: worker) }
      return
    }
    if life.isStopping {
      send(.pause, to: worker)
      return
    }
    if case .hello(let hello) = envelope.message {
      greet(hello, sequence: envelope.sequence, from: worker, key: key, at: now)
      return
    }
    guard envelope.run == settings.description.run else {
      if case .bye = envelope.message { life.removeApplicant(worker) }
      counters.strayMessages += 1
      send(.rehello, to: worker)
      return
    }
    leases.modify(worker) { $0.contact.hear(at: now) }
    switch envelope.message {
    case .result(let result): take(result, from: worker, at: now)
    case .request(let request):
      leases.modify(worker) {
        $0.departure.take(request.remainingMilliseconds, sequence: envelope.sequence, at: now)
      }
      take(request, from: worker, at: now)
    case .heartbeat(let heartbeat):
      leases.modify(worker) {
        $0.departure.take(heartbeat.remainingMilliseconds, sequence: envelope.sequence, at: now)
        if heartbeat.isLeaving { $0.departure.announce() }
      }
      take(heartbeat, from: worker, at: now)
    case .reject(let rejection): take(rejection, from: worker)
    case .bye(let farewell): part(farewell, from: worker)
    case .inputs(let message): take(message, from: worker)
    case .unknown: counters.unknownMessages += 1
    case .hello, .welcome, .refused, .lease, .cancel, .acknowledge, .alive, .rehello, .drain,
      .pause, .finished, .operation:
      counters.strayMessages += 1
    }
  }

  /// Counts a frame that could not be decoded; a peer that sends many is refused.
  mutating func countMalformed(_ error: WireError, from worker: WorkerID?) {
    counters.malformedFrames += 1
    guard let worker, !faults.isRefused(worker) else { return }
    if case .unsupportedVersion = error {
      refuse(worker, .protocolVersion, diagnostic: "\(error)")
      return
    }
    countFault(of: worker) { "\(counted($0, "frame")) could not be decoded; the last: \(error)" }
  }

  /// Counts something that no sound worker sends; a peer that does it often is refused.
  mutating func countFault(of worker: WorkerID, diagnostic: (Int) -> String) {
    guard let count = faults.countMalformed(from: worker) else { return }
    refuse(worker, .misbehaved, diagnostic: diagnostic(count))
  }
}
