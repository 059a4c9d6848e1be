import CZeroMQ
import Glibc

/// One received frame.
struct ReceivedFrame {
  let bytes: [UInt8]
  let userID: String?
  /// The host that a last frame came from, if libzmq knows it.
  let peerAddress: String?
  /// The descriptor of the connection that a last frame came by.
  let connection: Int32?
  let hasMore: Bool
}

/// Owns the C socket; a ``Poller`` holds it too, so that it never watches a closed one.
@safe final class SocketStorage {
  let handle: UnsafeMutableRawPointer
  private let context: ContextStorage

  init(_ context: ContextStorage, kind: SocketKind) throws(ZeroMQError) {
    self.context = context
    let type =
      switch kind {
      case .router: ZMQ_ROUTER
      case .dealer: ZMQ_DEALER
      case .reply: ZMQ_REP
      case .pair: ZMQ_PAIR
      }
    unsafe self.handle = try unsafe context.makeSocketHandle(type)
  }

  deinit {
    unsafe zmq_close(handle)
  }

  /// Sets every option; called once, before the socket binds or connects.
  func apply(_ options: SocketOptions, kind: SocketKind) throws(ZeroMQError) {
    precondition(options.frameSizeMax > 0)
    try set(ZMQ_LINGER, to: options.linger.milliseconds)
    try set(ZMQ_SNDHWM, to: Int32(options.sendHighWaterMark))
    try set(ZMQ_RCVHWM, to: Int32(options.receiveHighWaterMark))
    try set(ZMQ_MAXMSGSIZE, to: Int64(options.frameSizeMax))
    try set(ZMQ_BACKLOG, to: Int32(options.backlog))
    try set(ZMQ_RECONNECT_IVL, to: options.reconnectInterval.milliseconds)
    try set(ZMQ_RECONNECT_IVL_MAX, to: options.reconnectIntervalMax.milliseconds)
    try set(ZMQ_HANDSHAKE_IVL, to: options.handshakeTimeout.milliseconds)
    try set(ZMQ_HEARTBEAT_IVL, to: options.heartbeatInterval.milliseconds)
    try set(ZMQ_HEARTBEAT_TIMEOUT, to: options.heartbeatTimeout.milliseconds)
    if kind == .router {
      // An unknown peer is an error instead of silence, and a peer that comes back under its
      // name takes over at once instead of waiting until its dead connection is noticed.
      try set(ZMQ_ROUTER_MANDATORY, to: Int32(1))
      try set(ZMQ_ROUTER_HANDOVER, to: Int32(1))
    }
    if let routingID = options.routingID { try set(ZMQ_ROUTING_ID, to: routingID.bytes) }
    try apply(options.security)
  }

  private func apply(_ security: Security) throws(ZeroMQError) {
    switch security {
    case .none: return
    case .curveServer(let keys):
      try set(ZMQ_CURVE_SERVER, to: Int32(1))
      try set(ZMQ_CURVE_SECRETKEY, to: keys.secret.bytes)
      try set(ZMQ_ZAP_DOMAIN, to: Array(Authenticator.domain.utf8))
    case .curveClient(let keys, let serverKey):
      try set(ZMQ_CURVE_SERVERKEY, to: serverKey.bytes)
      try set(ZMQ_CURVE_PUBLICKEY, to: keys.publicKey.bytes)
      try set(ZMQ_CURVE_SECRETKEY, to: keys.secret.bytes)
    }
  }

  /// Says whether the next address may be one of version 6; of version 4 are all others.
  func allowVersion6(_ isAllowed: Bool) throws(ZeroMQError) {
    try set(ZMQ_IPV6, to: Int32(isAllowed ? 1 : 0))
  }

  private func set(_ option: Int32, to value: Int32) throws(ZeroMQError) {
    var value = value
    let result = unsafe zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size)
    guard result == 0 else { throw ZeroMQError(operation: "set socket option \(option)") }
  }

  private func set(_ option: Int32, to value: Int64) throws(ZeroMQError) {
    var value = value
    let result = unsafe zmq_setsockopt(handle, option, &value, MemoryLayout<Int64>.size)
    guard result == 0 else { throw ZeroMQError(operation: "set socket option \(option)") }
  }

  private func set(_ option: Int32, to bytes: [UInt8]) throws(ZeroMQError) {
    let result = unsafe zmq_setsockopt(handle, option, bytes, bytes.count)
    guard result == 0 else { throw ZeroMQError(operation: "set socket option \(option)") }
  }

  /// Returns the endpoint that the socket was last bound to.
  func lastEndpoint() throws(ZeroMQError) -> String {
    var buffer = [UInt8](repeating: 0, count: 512)
    var size = buffer.count
    let result = unsafe zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &buffer, &size)
    guard result == 0 else { throw ZeroMQError(operation: "read the bound endpoint") }
    return String(decoding: buffer.prefix(while: { $0 != 0 }), as: UTF8.self)
  }

  /// Sends one frame without waiting.
  func send(_ frame: Span<UInt8>, flags: Int32) throws(ZeroMQError) -> SendOutcome {
    while true {
      let result = unsafe frame.withUnsafeBufferPointer { buffer in
        unsafe zmq_send(handle, buffer.baseAddress, buffer.count, flags | ZMQ_DONTWAIT)
      }
      if result >= 0 { return .sent }
      switch zmq_errno() {
      case EINTR: continue
      case EAGAIN: return .full
      case EHOSTUNREACH: return .unreachable
      default: throw ZeroMQError(operation: "send a message")
      }
    }
  }

  /// Takes one frame if one waits.
  func receive() throws(ZeroMQError) -> ReceivedFrame? {
    var message = zmq_msg_t()
    unsafe zmq_msg_init(&message)
    defer { unsafe zmq_msg_close(&message) }
    while unsafe zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) < 0 {
      switch zmq_errno() {
      case EINTR: continue
      case EAGAIN: return nil
      default: throw ZeroMQError(operation: "receive a message")
      }
    }
    let count = unsafe zmq_msg_size(&message)
    let bytes: [UInt8]
    if count > 0, let start = unsafe zmq_msg_data(&message) {
      bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    } else {
      bytes = []
    }
    let userID = unsafe zmq_msg_gets(&message, "User-Id").map { unsafe String(cString: $0) }
    let hasMore = unsafe zmq_msg_more(&message) != 0
    // Looked up once a message.
    let address =
      hasMore
      ? nil : unsafe zmq_msg_gets(&message, "Peer-Address").map { unsafe String(cString: $0) }
    let descriptor = hasMore ? -1 : unsafe zmq_msg_get(&message, ZMQ_SRCFD)
    return ReceivedFrame(
      bytes: bytes, userID: userID, peerAddress: address,
      connection: descriptor >= 0 ? descriptor : nil, hasMore: hasMore)
  }
}

extension Duration {
  /// The duration in whole milliseconds, rounded up, within what libzmq can take.
  var milliseconds: Int32 {
    let (seconds, attoseconds) = components
    let limit = Int64(Int32.max / 1_000)
    guard seconds < limit else { return Int32.max }
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return Int32(seconds * 1_000 + fraction)
  }
}
