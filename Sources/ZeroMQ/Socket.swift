import CZeroMQ
import Glibc

/// What became of a message that was to be sent.
package enum SendOutcome: Sendable {
  /// libzmq took the message; whether it arrives is another question.
  case sent
  /// No peer of that name is connected.
  case unreachable
  /// The peer's queue is full, or a dealer has no connection; nothing was sent.
  case full
}

/// A message as it came from a socket.
package struct ReceivedMessage: Sendable {
  /// The frames, for a router without the routing identity.
  package var frames: [[UInt8]]
  /// The sender's name, for a router.
  package var sender: RoutingID?
  /// The public key that the sender proved to own, in Z85 text, under CURVE with an authenticator.
  package var userID: String?
  /// The host that the message came from, if libzmq knows it.
  package var peerAddress: String?
  /// The connection that the message came by, or `nil` for one inside the process.
  package var connection: Int32?
  /// The bytes of all frames with what CURVE and ZMTP add to each, the dropped ones included.
  package var wireSize = 0
  /// Whether frames beyond the bound were dropped.
  package var isTruncated: Bool
}

/// A socket; it belongs to the thread that polls it and is closed when it goes out of use.
package struct Socket: ~Copyable {
  let storage: SocketStorage
  private let kind: SocketKind

  package init(_ context: borrowing Context, kind: SocketKind, options: SocketOptions = .init())
    throws(ZeroMQError)
  {
    let storage = try SocketStorage(context.storage, kind: kind)
    try storage.apply(options, kind: kind)
    self.kind = kind
    self.storage = storage
  }

  /// Listens on `endpoint` and returns the real one, with the port that the system chose for 0.
  package borrowing func bind(_ endpoint: String) throws(ZeroMQError) -> String {
    let endpoint = endpoint.replacingTrailingZeroPort()
    try storage.allowVersion6(HostAddresses.needsVersion6(endpoint))
    guard unsafe zmq_bind(storage.handle, endpoint) == 0 else {
      throw ZeroMQError(operation: "bind \(endpoint)", endpoint: endpoint)
    }
    return try storage.lastEndpoint()
  }

  /// Connects to `endpoint` in the background, again and again until it succeeds.
  package borrowing func connect(_ endpoint: String) throws(ZeroMQError) {
    try storage.allowVersion6(HostAddresses.needsVersion6(endpoint))
    guard unsafe zmq_connect(storage.handle, endpoint) == 0 else {
      throw ZeroMQError(operation: "connect to \(endpoint)", endpoint: endpoint)
    }
  }

  /// Sends one frame to a router's peer, without waiting.
  package borrowing func send(_ frame: Span<UInt8>, to peer: RoutingID) throws(ZeroMQError)
    -> SendOutcome
  {
    precondition(kind == .router)
    let outcome = try storage.send(peer.bytes.span, flags: ZMQ_SNDMORE)
    guard outcome == .sent else { return outcome }
    return try storage.send(frame, flags: 0)
  }

  /// Sends the frames of one message, without waiting.
  package borrowing func send(_ frames: [[UInt8]]) throws(ZeroMQError) -> SendOutcome {
    precondition(!frames.isEmpty)
    var outcome = SendOutcome.sent
    for (index, frame) in frames.enumerated() {
      let flags = index + 1 < frames.count ? ZMQ_SNDMORE : 0
      let frameOutcome = try storage.send(frame.span, flags: flags)
      if index == 0, frameOutcome != .sent { return frameOutcome }
      // After a failure in the middle libzmq drops the rest: the message must still be ended.
      if frameOutcome != .sent { outcome = frameOutcome }
    }
    return outcome
  }

  /// Sends one frame to a dealer's peer, without waiting.
  package borrowing func send(_ frame: Span<UInt8>) throws(ZeroMQError) -> SendOutcome {
    precondition(kind != .router)
    return try storage.send(frame, flags: 0)
  }

  /// Returns the next message that waits, or `nil` if none does.
  ///
  /// - Parameter frameCountMax: frames beyond it are read and dropped, and the message is marked.
  ///   libzmq has no such bound, but each frame is held to ``SocketOptions/frameSizeMax``.
  package borrowing func receive(frameCountMax: Int) throws(ZeroMQError) -> ReceivedMessage? {
    precondition(frameCountMax > 0)
    var message = ReceivedMessage(frames: [], sender: nil, userID: nil, isTruncated: false)
    var isFirst = true
    while true {
      guard let frame = try storage.receive() else {
        // libzmq hands over whole messages: only the first frame can be missing.
        return isFirst ? nil : message
      }
      if isFirst, kind == .router {
        message.sender = RoutingID(bytes: frame.bytes)
      } else if message.frames.count < frameCountMax {
        // After a poll the identity frame has lost its User-Id in libzmq 4.3.4; this one has it.
        if message.userID == nil { message.userID = frame.userID }
        message.frames.append(frame.bytes)
      } else {
        message.isTruncated = true
      }
      // The routing identity came with the handshake, not with this message.
      if !isFirst || kind != .router { message.wireSize += Self.wireSize(of: frame.bytes.count) }
      if let address = frame.peerAddress { message.peerAddress = address }
      if let connection = frame.connection { message.connection = connection }
      isFirst = false
      if !frame.hasMore { return message }
    }
  }

  /// Returns the bytes that a frame takes on the wire under CURVE: ZMTP's head, then command,
  /// nonce, authenticator and flags (ZeroMQ RFC 26).
  package static func wireSize(of frameSize: Int) -> Int {
    let sealed = frameSize + 33
    return sealed + (sealed < 256 ? 2 : 9)
  }
}

@available(*, unavailable)
extension Socket: Sendable {}

extension String {
  /// Writes port 0 as the wildcard that libzmq expects.
  fileprivate func replacingTrailingZeroPort() -> String {
    hasPrefix("tcp://") && hasSuffix(":0") ? dropLast() + "*" : self
  }
}
