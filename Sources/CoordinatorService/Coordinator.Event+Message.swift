import Coordination
import WireProtocol
import ZeroMQ

extension Coordinator.Event {
  /// Creates what a message tells the machine.
  ///
  /// - Parameters:
  ///   - worker: the sender's session, or `nil` if it has no worker's identity.
  ///   - key: the name of the sender's key, or `nil` without encryption.
  init(_ message: ReceivedMessage, from worker: WorkerID?, key: String?) {
    guard message.frames.count == 1, !message.isTruncated else {
      let words = "are \(message.isTruncated ? "more than one" : "missing")"
      self = .malformed(.invalidField(name: "frames", words: words), from: worker)
      return
    }
    do throws(WireError) {
      let envelope = try Envelope(decoding: message.frames[0])
      guard let worker else { throw .invalidField(name: "identity", words: "is not a worker's") }
      self = .received(envelope, from: worker, key: key)
    } catch {
      self = .malformed(error, from: worker)
    }
  }
}
