/// A connection to the coordinator, by the number that the transport gives it.
package struct ConnectionID: Hashable, Sendable {
  /// The number.
  package let rawValue: Int32

  /// Creates an identity.
  package init(_ rawValue: Int32) { self.rawValue = rawValue }
}

/// Who has sent a message, as far as the transport knows.
package struct Peer: Hashable, Sendable {
  /// The bytes by which the transport routes to the peer; a worker's are those of its session.
  package var identity: [UInt8]
  /// The key that the peer has shown, in Z85 text, or `nil` without encryption.
  package var key: String?
  /// The host that the message has come from, if that is known.
  package var address: String?
  /// The connection that the message has come by, if that is known.
  package var connection: ConnectionID?

  /// Creates the description of a peer.
  package init(
    identity: [UInt8], key: String? = nil, address: String? = nil, connection: ConnectionID? = nil
  ) {
    self.identity = identity
    self.key = key
    self.address = address
    self.connection = connection
  }
}

/// A message as it has come, before anything of it was decoded.
package struct Arrival: Sendable {
  /// Who has sent it.
  package var peer: Peer
  package var frames: [[UInt8]]
  /// Whether there were more frames, which the transport has dropped.
  package var isTruncated: Bool

  /// Creates a message.
  package init(from peer: Peer, frames: [[UInt8]], isTruncated: Bool = false) {
    self.peer = peer
    self.frames = frames
    self.isTruncated = isTruncated
  }
}
