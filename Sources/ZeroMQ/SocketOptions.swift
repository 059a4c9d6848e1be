/// What a socket is for.
package enum SocketKind: Sendable {
  /// Talks to many peers, each named by a ``RoutingID``; used by the coordinator.
  case router
  /// Talks to one peer, without alternation of question and answer; used by a worker.
  case dealer
  /// Answers one question after the other; used by the ``Authenticator``.
  case reply
  /// One end of a pipe inside the process; used by the ``Monitor``.
  case pair
}

/// How a socket treats peers, failures and memory: the options that libzmq by itself sets unwisely.
package struct SocketOptions: Sendable {
  /// How long unsent messages may outlive the socket; libzmq's own default is for ever.
  package var linger: Duration = .milliseconds(500)
  /// The messages that may wait for one peer before sending answers ``SendOutcome/full``.
  ///
  /// The kernel's buffers come on top: towards a frozen peer thousands of small messages fit in.
  package var sendHighWaterMark = 1_000
  /// The messages from one peer that may wait here before TCP pushes back.
  package var receiveHighWaterMark = 1_000
  /// The largest frame accepted; a peer that announces a larger one is disconnected.
  package var frameSizeMax = 1 << 20
  /// The pending TCP connections that the kernel keeps; 1,000 workers may start at once.
  package var backlog = 4_096
  /// The first pause before a lost connection is tried again.
  package var reconnectInterval: Duration = .milliseconds(100)
  /// The longest pause between attempts; pauses double up to it, libzmq adds jitter.
  package var reconnectIntervalMax: Duration = .seconds(5)
  /// How long a peer may take from connection to the end of the security handshake.
  package var handshakeTimeout: Duration = .seconds(10)
  /// How often the transport asks a silent peer for a sign of life.
  package var heartbeatInterval: Duration = .seconds(1)
  /// How long the transport waits for that sign before it drops the connection.
  package var heartbeatTimeout: Duration = .seconds(3)
  /// The encryption and authentication of connections.
  package var security: Security = .none
  /// The name a dealer shows to its router, or `nil` for one that the router makes up.
  ///
  /// A name of one's own survives a reconnection, so that answers under way still arrive.
  package var routingID: RoutingID?

  /// Creates the options described at each property.
  package init() {}
}

/// Whether and how connections are encrypted.
package enum Security: Sendable {
  /// Plain text, for loopback only.
  case none
  /// CURVE with our own key pair; an ``Authenticator`` of the same context decides who gets in.
  case curveServer(CurveKeyPair)
  /// CURVE with our own key pair towards the server that owns `serverKey`.
  case curveClient(CurveKeyPair, serverKey: CurvePublicKey)
}

/// The name under which a router knows a peer.
package struct RoutingID: Hashable, Sendable {
  /// The 1 to 255 bytes of the name.
  package let bytes: [UInt8]

  /// Creates a name, or returns `nil` unless it has 1 to 255 bytes.
  package init?(bytes: [UInt8]) {
    guard (1...255).contains(bytes.count) else { return nil }
    self.bytes = bytes
  }
}
