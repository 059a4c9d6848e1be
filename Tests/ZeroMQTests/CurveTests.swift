import Testing
import ZeroMQ

@Suite(.timeLimit(.minutes(20))) struct CurveTests {
  let server: CurveKeyPair
  let client: CurveKeyPair

  init() throws {
    server = try .generate()
    client = try .generate()
  }

  /// Serves authentication until `monitor` tells how the handshake ended.
  private func result(
    _ monitor: borrowing Monitor, serving authenticator: inout Authenticator
  ) throws -> ConnectionEvent? {
    var poller = Poller()
    _ = poller.watch(monitor.socket)
    _ = poller.watch(authenticator.socket)
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      try poller.wait(atMost: .milliseconds(100))
      try authenticator.serve()
      while let event = try monitor.next() {
        if event.isOutcome { return event }
      }
    }
    return nil
  }

  @Test func `an allowed key gets in and its messages carry it`() throws {
    let context = try Context()
    var authenticator = try Authenticator(context, allowing: [client.publicKey])
    let router = try Socket(context, kind: .router, options: testOptions(.curveServer(server)))
    let endpoint = try router.bind("tcp://127.0.0.1:0")
    let security = Security.curveClient(client, serverKey: server.publicKey)
    let dealer = try Socket(context, kind: .dealer, options: testOptions(security))
    let monitor = try Monitor(of: dealer, in: context)
    try dealer.connect(endpoint)
    #expect(try result(monitor, serving: &authenticator) == .ready)
    for number in UInt8(0)..<3 {
      _ = try dealer.send([number].span)
      let message = try #require(try receive(router))
      #expect(message.frames == [[number]])
      #expect(message.userID == client.publicKey.z85)
      _ = try router.send([number].span, to: try #require(message.sender))
      #expect(try #require(try receive(dealer)).frames == [[number]])
    }
    #expect(authenticator.refusedCount == 0)
  }

  @Test func `a key that is not allowed is refused with a diagnostic`() throws {
    let context = try Context()
    var authenticator = try Authenticator(context, allowing: [client.publicKey])
    let router = try Socket(context, kind: .router, options: testOptions(.curveServer(server)))
    let endpoint = try router.bind("tcp://127.0.0.1:0")
    let security = Security.curveClient(try .generate(), serverKey: server.publicKey)
    let dealer = try Socket(context, kind: .dealer, options: testOptions(security))
    let monitor = try Monitor(of: dealer, in: context)
    try dealer.connect(endpoint)
    _ = try dealer.send([1].span)
    #expect(try result(monitor, serving: &authenticator) == .refused(.keyNotAllowed))
    #expect(authenticator.refusedCount >= 1)
    #expect(try router.receive(frameCountMax: 1) == nil)
    #expect("\(HandshakeFailure.keyNotAllowed)".contains("does not allow this worker's key"))
  }

  @Test func `a wrong server key is noticed by the client`() throws {
    let context = try Context()
    var authenticator = try Authenticator(context, allowing: [client.publicKey])
    let router = try Socket(context, kind: .router, options: testOptions(.curveServer(server)))
    let endpoint = try router.bind("tcp://127.0.0.1:0")
    let security = Security.curveClient(client, serverKey: try CurveKeyPair.generate().publicKey)
    let dealer = try Socket(context, kind: .dealer, options: testOptions(security))
    let monitor = try Monitor(of: dealer, in: context)
    try dealer.connect(endpoint)
    _ = try dealer.send([1].span)
    let event = try #require(try result(monitor, serving: &authenticator))
    #expect(event == .refused(.closed))
    #expect(try router.receive(frameCountMax: 1) == nil)
  }

  @Test func `a client without keys does not get in`() throws {
    let context = try Context()
    var authenticator = try Authenticator(context, allowing: [client.publicKey])
    let router = try Socket(context, kind: .router, options: testOptions(.curveServer(server)))
    let endpoint = try router.bind("tcp://127.0.0.1:0")
    let dealer = try Socket(context, kind: .dealer, options: testOptions())
    let monitor = try Monitor(of: dealer, in: context)
    try dealer.connect(endpoint)
    _ = try dealer.send([1].span)
    #expect(try result(monitor, serving: &authenticator) == .refused(.mechanismMismatch))
    #expect(try router.receive(frameCountMax: 1) == nil)
  }

  @Test func `a second authenticator in one context is an error`() throws {
    let context = try Context()
    let first = try Authenticator(context, allowing: [])
    #expect(throws: ZeroMQError.addressInUse(endpoint: "inproc://zeromq.zap.01")) {
      _ = try Authenticator(context, allowing: []).refusedCount
    }
    #expect(first.refusedCount == 0)
  }
}

@Suite(.timeLimit(.minutes(20))) struct CurveKeysTests {
  @Test func `the public key follows from the secret one`() throws {
    let keys = try CurveKeyPair.generate()
    let secret = try CurveSecretKey(z85: keys.secret.z85)
    #expect(try CurveKeyPair(secret: secret) == keys)
    #expect(try CurvePublicKey(z85: keys.publicKey.z85) == keys.publicKey)
    #expect(try CurveKeyPair.generate() != keys)
  }

  @Test func `the known pair of the ZeroMQ documentation agrees`() throws {
    let secret = try CurveSecretKey(z85: "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6")
    let keys = try CurveKeyPair(secret: secret)
    #expect(keys.publicKey.z85 == "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7")
  }

  @Test(arguments: [
    "", "short", String(repeating: "ä", count: 20), String(repeating: " ", count: 40),
  ])
  func `text that is no key is refused`(text: String) {
    #expect(throws: ZeroMQError.invalidKey(role: "public key")) { try CurvePublicKey(z85: text) }
    #expect(throws: ZeroMQError.invalidKey(role: "secret key")) { try CurveSecretKey(z85: text) }
  }

  @Test func `a secret key never shows in a description`() throws {
    let keys = try CurveKeyPair.generate()
    #expect(!"\(keys)".contains(keys.secret.z85))
    #expect(!String(reflecting: keys).contains(keys.secret.z85))
  }
}
