/// Decides which CURVE keys may connect to the servers of a context (ZAP, ZeroMQ RFC 27).
///
/// Without one, libzmq accepts every client that knows the server's public key. The thread that
/// polls the server's socket polls this too, and calls ``serve()`` when it is readable. Removing a
/// key keeps new connections out; a connection that exists has to be refused by its user identity.
package struct Authenticator: ~Copyable {
  /// The ZAP domain of our servers; libzmq asks only for a domain that is not empty.
  static let domain = "elsa"

  /// The socket to poll.
  package let socket: Socket
  /// The keys that may connect.
  package var allowedKeys: Set<CurvePublicKey>
  /// The connections refused so far.
  package private(set) var refusedCount = 0
  private var refusedAddresses: [String] = []

  /// The refused addresses that wait to be taken; more are only counted.
  private static let addressCountMax = 100

  /// Creates the authenticator of a context; a second one in the same context is an error.
  package init(_ context: borrowing Context, allowing keys: Set<CurvePublicKey>)
    throws(ZeroMQError)
  {
    var options = SocketOptions()
    options.linger = .zero
    let socket = try Socket(context, kind: .reply, options: options)
    _ = try socket.bind("inproc://zeromq.zap.01")
    self.socket = socket
    self.allowedKeys = keys
  }

  /// Answers all questions that wait.
  package mutating func serve() throws(ZeroMQError) {
    while let request = try socket.receive(frameCountMax: 8) {
      _ = try socket.send(reply(to: request.frames))
    }
  }

  /// Returns the addresses that were refused since the last call.
  package mutating func takeRefusedAddresses() -> [String] {
    defer { refusedAddresses.removeAll() }
    return refusedAddresses
  }

  /// Returns the reply to a request: version, request, domain, address, identity, mechanism, key.
  private mutating func reply(to frames: [[UInt8]]) -> [[UInt8]] {
    let version = Array("1.0".utf8)
    let request = frames.count > 1 ? frames[1] : []
    if frames.count == 7, frames[0] == version, frames[5] == Array("CURVE".utf8),
      let key = CurvePublicKey(bytes: frames[6]), allowedKeys.contains(key)
    {
      return [version, request, Array("200".utf8), Array("OK".utf8), Array(key.z85.utf8), []]
    }
    refusedCount += 1
    if frames.count > 3, refusedAddresses.count < Self.addressCountMax {
      refusedAddresses.append(String(decoding: frames[3].prefix(64), as: UTF8.self))
    }
    return [version, request, Array("400".utf8), Array("key not allowed".utf8), [], []]
  }
}

@available(*, unavailable)
extension Authenticator: Sendable {}
