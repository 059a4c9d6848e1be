import SparsityCore
import Testing
import WireProtocol

struct EnvelopeTests {
  @Test(arguments: Samples.messages)
  func `a message comes back as it was sent`(message: Message) throws {
    let envelope = Samples.envelope(message)
    let frame = envelope.encoded()
    #expect(try Envelope(decoding: frame) == envelope)
    #expect(Samples.envelope(message).encoded() == frame)
    #expect(frame.count <= WireLimits.frameSizeMax)
  }

  @Test func `there is a sample of each kind`() {
    #expect(Set(Samples.messages.map(\.kind)) == Set(1...16).union(20...24))
    #expect(Set(Samples.messages.map(\.name)).count == 21)
  }

  @Test(arguments: Samples.messages)
  func `every beginning of a frame is refused`(message: Message) {
    let frame = Samples.envelope(message).encoded()
    for count in 0..<frame.count {
      #expect(throws: WireError.self) { try Envelope(decoding: Array(frame.prefix(count))) }
    }
    #expect(throws: WireError.trailingBytes(1)) { try Envelope(decoding: frame + [0]) }
  }

  @Test(arguments: Samples.messages)
  func `every change of one byte is decoded or refused`(message: Message) throws {
    let envelope = Samples.envelope(message)
    let frame = envelope.encoded()
    for index in frame.indices {
      for value in UInt8.min...UInt8.max where value != frame[index] {
        var spoilt = frame
        spoilt[index] = value
        guard let decoded = try? Envelope(decoding: spoilt) else { continue }
        // What was decoded must be usable: it can be sent again and comes back.
        #expect(try Envelope(decoding: decoded.encoded()) == decoded)
      }
    }
  }

  @Test func `random bytes are decoded or refused`() {
    var generator = SeededGenerator(seed: 1)
    let empty = Envelope(run: nil, term: .none, sequence: 0, message: .unknown(kind: 0)).encoded()
    for _ in 0..<5_000 {
      let body = (0..<generator.index(below: 200)).map { _ in
        UInt8(truncatingIfNeeded: generator.next())
      }
      var frame = empty
      frame[6] = UInt8(generator.index(below: 26))
      frame[28] = UInt8(body.count)
      _ = try? Envelope(decoding: frame + body)
      _ = try? JournalRecord(decoding: body)
      #expect(throws: WireError.self) { try Envelope(decoding: body) }
    }
  }

  @Test func `an unknown kind of the same major version is passed on`() throws {
    var frame = Samples.envelope(.alive).encoded()
    frame[5] = 9
    frame[6] = 200
    let envelope = try Envelope(decoding: frame)
    #expect(envelope.message == .unknown(kind: 200))
    let major = ProtocolVersion.current.major
    #expect(envelope.version == ProtocolVersion(major: major, minor: 9))
  }

  @Test func `only greetings and refusals of another major version are read`() throws {
    for message in Samples.messages {
      var frame = Samples.envelope(message).encoded()
      frame[4] = 99
      switch message {
      case .hello, .refused: #expect(try Envelope(decoding: frame).message == message)
      default:
        let error = WireError.unsupportedVersion(
          found: ProtocolVersion(major: 99, minor: 0), supported: ProtocolVersion.supported)
        #expect(throws: error) { try Envelope(decoding: frame) }
      }
    }
  }

  @Test func `foreign bytes are told from short ones`() {
    #expect(throws: WireError.foreignBytes) {
      try Envelope(decoding: Array("GET / HTTP/1.1\r\nHost: elsa\r\n\r\n".utf8))
    }
    #expect(throws: WireError.truncated(neededBytes: 32, availableBytes: 2)) {
      try Envelope(decoding: Array("EL".utf8))
    }
    #expect(throws: WireError.truncated(neededBytes: 32, availableBytes: 0)) {
      try Envelope(decoding: [])
    }
  }

  @Test func `a frame beyond the limit is refused unread`() {
    let size = WireLimits.frameSizeMax + 1
    let error = WireError.tooLarge(bytes: size, limitBytes: WireLimits.frameSizeMax)
    #expect(throws: error) { try Envelope(decoding: [UInt8](repeating: 0x45, count: size)) }
  }

  @Test func `a sender without a run has none`() throws {
    let envelope = Envelope(run: nil, term: .none, sequence: 0, message: .rehello)
    #expect(try Envelope(decoding: envelope.encoded()).run == nil)
  }

  @Test func `long diagnostics are cut, not refused`() throws {
    let diagnostic = String(repeating: "å", count: WireLimits.textSizeMax)
    let frame = Samples.envelope(.bye(Farewell(reason: .unable, diagnostic: diagnostic))).encoded()
    guard case .bye(let farewell) = try Envelope(decoding: frame).message else {
      Issue.record("another message")
      return
    }
    #expect(farewell.diagnostic == String(repeating: "å", count: WireLimits.textSizeMax / 2))
  }

  @Test(arguments: Samples.noLosses)
  func `a result whose loss is none is refused`(loss: Double) {
    let result = ShardResult(
      shard: Samples.shard, key: Samples.key,
      measurement: ShardMeasurement(correct: Samples.measurement.correct, summedLoss: loss),
      costs: [], evaluationMicroseconds: 1, token: .absent)
    let frame = Samples.envelope(.result(result)).encoded()
    let error = #expect(throws: WireError.self) { try Envelope(decoding: frame) }
    #expect(error.map { "\($0)".contains("no loss") } == true)
  }

  @Test func `a loss of zero is one`() throws {
    for loss in [0.0, -0.0] {
      let result = ShardResult(
        shard: Samples.shard, key: Samples.key,
        measurement: ShardMeasurement(correct: Samples.measurement.correct, summedLoss: loss),
        costs: [], evaluationMicroseconds: 1, token: .absent)
      let envelope = Samples.envelope(.result(result))
      #expect(try Envelope(decoding: envelope.encoded()) == envelope)
    }
  }

  @Test func `too many held shards are refused`() {
    let held = HeldShard(shard: Samples.shard, key: Samples.key, state: .queued, token: .absent)
    let beat = Heartbeat(
      leaseCountMax: 1, held: Array(repeating: held, count: WireLimits.heldCountMax + 1))
    #expect(throws: WireError.self) {
      try Envelope(decoding: Samples.envelope(.heartbeat(beat)).encoded())
    }
  }

  @Test func `errors are diagnostics that users can read`() {
    let errors: [WireError] = [
      .tooLarge(bytes: 2, limitBytes: 1), .truncated(neededBytes: 2, availableBytes: 1),
      .trailingBytes(1), .foreignBytes,
      .unsupportedVersion(
        found: ProtocolVersion(major: 99, minor: 0), supported: ProtocolVersion.supported),
      .malformedBody(kind: 1), .invalidField(name: "slots", diagnostic: "is 0"),
    ]
    #expect(Set(errors.map(\.description)).count == errors.count)
    #expect(errors[4].description.contains("\(ProtocolVersion.current)"))
  }
}
