import Foundation
import RunStorage
import WireProtocol
import ZeroMQ

/// Asks a running coordinator, as `elsa status` and `elsa drain` do.
package struct OperatorClient: Hashable, Sendable {
  /// The addresses to try, one after the other.
  package let endpoints: [String]
  /// The operator's keys and the coordinator's, or `nil` without encryption.
  private let keys: Keys?

  private struct Keys: Hashable {
    let own: CurveKeyPair
    let server: CurvePublicKey
  }

  /// Creates the client of a connection file.
  ///
  /// - Parameter own: the operator's keys; needed if the coordinator encrypts.
  package init(_ file: ConnectionFile, keys own: CurveKeyPair?) throws(OperatorError) {
    endpoints = file.endpoints
    guard let serverKey = file.serverKey else {
      keys = nil
      return
    }
    guard let own else { throw .keyMissing(endpoint: file.endpoints[0]) }
    do throws(ZeroMQError) {
      keys = Keys(own: own, server: try CurvePublicKey(z85: serverKey))
    } catch {
      throw .transport(error)
    }
  }

  /// Sends a request and waits for the answer, at most `patience` at each address.
  package func ask(
    _ request: OperatorMessage, patience: Duration = .seconds(3)
  ) throws(OperatorError) -> OperatorMessage {
    var failure = OperatorError.unanswered(endpoint: endpoints[0], patience: patience)
    for (index, endpoint) in endpoints.enumerated() {
      do throws(OperatorError) {
        return try ask(request, at: endpoint, patience: patience)
      } catch {
        if index == 0 { failure = error }
        // Who answers and refuses is the right one: another address leads to the same.
        if case .refused = error { throw error }
      }
    }
    throw failure
  }

  private func ask(
    _ request: OperatorMessage, at endpoint: String, patience: Duration
  ) throws(OperatorError) -> OperatorMessage {
    let exchange: Exchange
    do throws(ZeroMQError) {
      exchange = try self.exchange(request, at: endpoint, patience: patience)
    } catch {
      throw .transport(error)
    }
    switch exchange {
    case .answered(let answer): return answer
    case .refused(let failure): throw .refused(endpoint: endpoint, failure)
    case .unanswered: throw .unanswered(endpoint: endpoint, patience: patience)
    }
  }

  /// What came of a request.
  private enum Exchange {
    case answered(OperatorMessage)
    case refused(HandshakeFailure)
    case unanswered
  }

  private func exchange(
    _ request: OperatorMessage, at endpoint: String, patience: Duration
  ) throws(ZeroMQError) -> Exchange {
    let context = try Context()
    var options = SocketOptions()
    options.frameSizeMax = WireLimits.frameSizeMax
    options.linger = .milliseconds(200)
    if let keys { options.security = .curveClient(keys.own, serverKey: keys.server) }
    let socket = try Socket(context, kind: .dealer, options: options)
    let monitor = try Monitor(of: socket, in: context)
    var poller = Poller()
    _ = poller.watch(socket)
    _ = poller.watch(monitor.socket)
    try socket.connect(endpoint)
    let frame = Envelope(run: nil, term: .none, sequence: 0, message: .operation(request))
    _ = try socket.send(frame.encoded().span)
    var failure: HandshakeFailure?
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    while clock.now < deadline, failure != .keyNotAllowed {
      try poller.wait(atMost: .milliseconds(100))
      while let message = try socket.receive(frameCountMax: 1) {
        if let answer = Self.answer(in: message) { return .answered(answer) }
      }
      while let event = try monitor.next() {
        if case .refused(let diagnostic) = event { failure = diagnostic }
      }
    }
    return failure.map { .refused($0) } ?? .unanswered
  }

  private static func answer(in message: ReceivedMessage) -> OperatorMessage? {
    do throws(WireError) {
      guard let frame = message.frames.first else { return nil }
      guard case .operation(let answer) = try Envelope(decoding: frame).message else { return nil }
      return answer
    } catch {
      return nil
    }
  }
}
