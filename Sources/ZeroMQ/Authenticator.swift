/// Decides which CURVE keys may connect to the servers of a context (ZAP, ZeroMQ RFC 27).
///
/// Without one, libzmq accepts every client that knows the server's public key. The thread that
/// polls the server's socket polls this too, and calls ``serve()`` when it is readable. Removing a
/// key keeps new connections out; a connection that exists has to be refused by its user identity.
public struct Authenticator: ~Copyable {
  /// The ZAP domain of our servers; libzmq asks only for a domain that is not empty.
  static let domain = "elsa"

  /// The socket to poll.
  public let socket: Socket
  /// The keys that may connect.
  public var allowedKeys: Set<CurvePublicKey>
  /// The connections refused so far.
  public private(set) var refusedCount = 0
  /// The addresses refused since they were last taken, not more than a few.
  private var refusedAddresses: [String] = []
  private static let addressCountMax = 64

  /// Creates the authenticator of a context; a second one in the same context is an error.
  public init(_ context: borrowing Context, allowing keys: Set<CurvePublicKey>)
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
  public mutating func serve() throws(ZeroMQError) {
    while let request = try socket.receive(frameCountMax: 8) {
      _ = try socket.send(reply(to: request.frames))
    }
  }

  /// Returns the addresses whose keys were refused since the last call.
  public mutating func takeRefusedAddresses() -> [String] {
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
