import CZeroMQ

/// What happened to a connection of a monitored socket.
package enum ConnectionEvent: Equatable, Sendable {
  /// The TCP connection stands.
  case connected
  /// The security handshake succeeded: messages flow.
  case ready
  /// A server listens; `descriptor` is its listening socket.
  case listening(descriptor: Int32)
  /// A server has accepted a TCP connection, of which nothing is known yet.
  case accepted(descriptor: Int32)
  /// The connection is gone; its descriptor is about to be closed.
  case disconnected(descriptor: Int32)
  /// The handshake failed, so the connection is of no use.
  case refused(HandshakeFailure)
  /// A server could not accept a connection; `code` is the system's number.
  case acceptFailed(code: Int32)
}

/// Why a security handshake failed.
package enum HandshakeFailure: Equatable, Sendable {
  /// The server's authenticator does not allow our key.
  case keyNotAllowed
  /// The two sides do not use the same security mechanism.
  case mechanismMismatch
  /// The bytes did not decrypt: the wrong server key, or no CURVE server at all.
  case cryptographic
  /// The peer closed the connection during the handshake.
  case closed
  /// The peer does not speak the protocol.
  case protocolError(code: UInt32)
}

extension HandshakeFailure: CustomStringConvertible {
  /// The failure with the next step.
  package var description: String {
    switch self {
    case .keyNotAllowed:
      "the coordinator does not allow this worker's key; use the key it was given"
    case .mechanismMismatch:
      "one side encrypts and the other does not; give the worker the connection file or server key"
    case .cryptographic: "the server key does not fit; use the one of the current connection file"
    case .closed:
      "the peer closed the connection during the handshake; "
        + "a wrong server key looks like this, and so does a port of another program"
    case .protocolError(let code):
      "the peer does not speak our protocol (0x\(String(code, radix: 16))); "
        + "check that the port is the coordinator's"
    }
  }
}

/// Reports what happens to the connections of a socket; without it, failures are silent.
///
/// Anyone who creates one must poll and read it: libzmq's I/O thread waits for a reader that lags.
package struct Monitor: ~Copyable {
  /// The socket to poll.
  package let socket: Socket

  /// Starts to monitor `subject`; one monitor a socket.
  package init(of subject: borrowing Socket, in context: borrowing Context) throws(ZeroMQError) {
    let address = unsafe "inproc://monitor-\(UInt(bitPattern: subject.storage.handle))"
    let events =
      ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_ACCEPT_FAILED
      | ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED
      | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
      | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
    guard unsafe zmq_socket_monitor(subject.storage.handle, address, events) == 0 else {
      throw ZeroMQError(operation: "monitor a socket")
    }
    var options = SocketOptions()
    options.linger = .zero
    let socket = try Socket(context, kind: .pair, options: options)
    try socket.connect(address)
    self.socket = socket
  }

  /// Returns the next event that waits, or `nil` if none does.
  package borrowing func next() throws(ZeroMQError) -> ConnectionEvent? {
    while let message = try socket.receive(frameCountMax: 2) {
      guard let frame = message.frames.first, frame.count == 6 else { continue }
      let event = Int32(frame[0]) | Int32(frame[1]) << 8
      let value = (2..<6).reduce(UInt32(0)) { $0 | UInt32(frame[$1]) << (8 * UInt32($1 - 2)) }
      if let event = Self.event(event, value: value) { return event }
    }
    return nil
  }

  private static func event(_ event: Int32, value: UInt32) -> ConnectionEvent? {
    switch event {
    case ZMQ_EVENT_CONNECTED: .connected
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: .ready
    case ZMQ_EVENT_LISTENING: .listening(descriptor: Int32(truncatingIfNeeded: value))
    case ZMQ_EVENT_ACCEPTED: .accepted(descriptor: Int32(truncatingIfNeeded: value))
    case ZMQ_EVENT_DISCONNECTED: .disconnected(descriptor: Int32(truncatingIfNeeded: value))
    case ZMQ_EVENT_ACCEPT_FAILED: .acceptFailed(code: Int32(truncatingIfNeeded: value))
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: .refused(.keyNotAllowed)
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: .refused(.closed)
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: .refused(failure(code: value))
    default: nil
    }
  }

  private static func failure(code: UInt32) -> HandshakeFailure {
    switch code {
    case UInt32(ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC): .cryptographic
    case UInt32(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH): .mechanismMismatch
    default: .protocolError(code: code)
    }
  }
}

@available(*, unavailable)
extension Monitor: Sendable {}
