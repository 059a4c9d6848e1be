import Glibc
import Testing
import ZeroMQ

/// Options under which a broken test fails within seconds.
func testOptions(_ security: Security = .none) -> SocketOptions {
  var options = SocketOptions()
  options.security = security
  options.linger = .zero
  options.reconnectInterval = .milliseconds(10)
  options.reconnectIntervalMax = .milliseconds(50)
  return options
}

/// Waits for the next message of `socket`, at most ten seconds.
func receive(_ socket: borrowing Socket, frameCountMax: Int = 4) throws -> ReceivedMessage? {
  var poller = Poller()
  _ = poller.watch(socket)
  let deadline = ContinuousClock.now + .seconds(10)
  while ContinuousClock.now < deadline {
    if let message = try socket.receive(frameCountMax: frameCountMax) { return message }
    try poller.wait(atMost: .milliseconds(100))
  }
  return nil
}

extension ConnectionEvent {
  /// Whether the event tells how a handshake has ended.
  var isOutcome: Bool {
    switch self {
    case .connected, .disconnected, .listening, .accepted: false
    case .ready, .refused, .acceptFailed: true
    }
  }

  /// Whether a connection has ended.
  var isEnd: Bool { if case .disconnected = self { true } else { false } }
}

/// Waits for the next event of `monitor` that is neither a connection nor its end.
func handshakeResult(_ monitor: borrowing Monitor) throws -> ConnectionEvent? {
  var poller = Poller()
  _ = poller.watch(monitor.socket)
  let deadline = ContinuousClock.now + .seconds(10)
  while ContinuousClock.now < deadline {
    while let event = try monitor.next() {
      if event.isOutcome { return event }
    }
    try poller.wait(atMost: .milliseconds(100))
  }
  return nil
}

/// The port at the end of an endpoint.
func port(of endpoint: String) throws -> UInt16 {
  try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
}

/// Opens a plain TCP connection to a port of this machine and writes `bytes`.
func writeRaw(_ bytes: [UInt8], toPort port: UInt16) throws -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  try #require(descriptor >= 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  let size = socklen_t(MemoryLayout<sockaddr_in>.size)
  let result = unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe connect(descriptor, $0, size)
    }
  }
  try #require(result == 0)
  _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  return descriptor
}

/// Whether the peer closes the connection within ten seconds.
func isClosedByPeer(_ descriptor: Int32) -> Bool {
  var buffer = [UInt8](repeating: 0, count: 256)
  var timeout = timeval(tv_sec: 10, tv_usec: 0)
  let size = socklen_t(MemoryLayout<timeval>.size)
  unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
  while true {
    let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { continue }
    return count == 0 || errno == ECONNRESET
  }
}
