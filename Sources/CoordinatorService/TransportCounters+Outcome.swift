import WireProtocol
import ZeroMQ

extension TransportCounters {
  /// Counts what has become of a message that was to be sent.
  mutating func count(_ outcome: SendOutcome) {
    switch outcome {
    case .sent: sent += 1
    case .full: full += 1
    case .unreachable: unreachable += 1
    }
  }
}
