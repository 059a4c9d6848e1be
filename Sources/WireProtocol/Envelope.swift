import SparsityCore

/// A message with what a receiver must know before it reads the body.
///
/// On the wire an envelope is one frame: a header of 32 bytes, all numbers least significant byte
/// first, and a protobuf body.
///
/// | bytes | field |
/// |---|---|
/// | 0–3 | `ELSA` |
/// | 4, 5 | major and minor version of the protocol |
/// | 6–7 | kind |
/// | 8–15 | run, zero if the sender knows none |
/// | 16–19 | term of the coordinator, zero if the sender knows none |
/// | 20–27 | sequence: the messages that the sender has sent before, for traces |
/// | 28–31 | bytes of the body |
package struct Envelope: Hashable, Sendable {
  /// The version that the sender speaks.
  package var version: ProtocolVersion
  /// The run that the message belongs to, if the sender knows it.
  package var run: RunID?
  /// The coordinator's term, or ``Term/none``.
  package var term: Term
  /// The number of messages that the sender has sent before.
  package var sequence: UInt64
  package var message: Message

  /// The bytes of a header.
  package static let headerSize = 32

  package init(
    version: ProtocolVersion = .current, run: RunID?, term: Term, sequence: UInt64,
    message: Message
  ) {
    self.version = version
    self.run = run
    self.term = term
    self.sequence = sequence
    self.message = message
  }
}

extension Envelope {
  private static let magic = Array("ELSA".utf8)

  /// Returns the frame.
  ///
  /// - Precondition: the message keeps to ``WireLimits`` (texts are cut to size).
  package func encoded() -> [UInt8] {
    let body = message.encodedBody()
    precondition(Self.headerSize + body.count <= WireLimits.frameSizeMax)
    var frame = Self.magic
    frame.reserveCapacity(Self.headerSize + body.count)
    frame.append(version.major)
    frame.append(version.minor)
    frame.append(littleEndian: UInt64(message.kind), size: 2)
    frame.append(littleEndian: run?.rawValue ?? 0, size: 8)
    frame.append(littleEndian: UInt64(term.rawValue), size: 4)
    frame.append(littleEndian: sequence, size: 8)
    frame.append(littleEndian: UInt64(body.count), size: 4)
    frame.append(contentsOf: body)
    return frame
  }

  /// Reads a frame, whatever bytes it holds.
  ///
  /// Greetings and refusals of any major version are read, since peers that share no version must
  /// still understand each other's refusal.
  ///
  /// - Throws: ``WireError`` for bytes that are no frame of a supported version.
  package init(decoding frame: Span<UInt8>) throws(WireError) {
    guard frame.count <= WireLimits.frameSizeMax else {
      throw .tooLarge(bytes: frame.count, limitBytes: WireLimits.frameSizeMax)
    }
    for index in 0..<min(frame.count, Self.magic.count) where frame[index] != Self.magic[index] {
      throw .foreignBytes
    }
    guard frame.count >= Self.headerSize else {
      throw .truncated(neededBytes: Self.headerSize, availableBytes: frame.count)
    }
    let version = ProtocolVersion(major: frame[4], minor: frame[5])
    let kind = UInt16(frame.littleEndian(at: 6, size: 2))
    let isFrozen = kind == Message.helloKind || kind == Message.refusedKind
    guard isFrozen || version.major == ProtocolVersion.current.major else {
      throw .unsupportedVersion(found: version, supported: ProtocolVersion.supported)
    }
    let bodySize = Int(frame.littleEndian(at: 28, size: 4))
    let frameSize = Self.headerSize + bodySize
    guard frame.count >= frameSize else {
      throw .truncated(neededBytes: frameSize, availableBytes: frame.count)
    }
    guard frame.count == frameSize else { throw .trailingBytes(frame.count - frameSize) }
    self.init(
      version: version, run: RunID(frame.littleEndian(at: 8, size: 8)),
      term: Term(UInt32(frame.littleEndian(at: 16, size: 4))),
      sequence: frame.littleEndian(at: 20, size: 8),
      message: try Message(kind: kind, body: frame.extracting(droppingFirst: Self.headerSize).copy))
  }

  /// Reads a frame from an array.
  ///
  /// - Throws: ``WireError`` for bytes that are no frame of a supported version.
  package init(decoding frame: [UInt8]) throws(WireError) {
    try self.init(decoding: frame.span)
  }
}

extension [UInt8] {
  /// Appends the lowest `size` bytes of a number, least significant first.
  fileprivate mutating func append(littleEndian number: UInt64, size: Int) {
    for index in 0..<size { append(UInt8(truncatingIfNeeded: number >> (8 * UInt64(index)))) }
  }
}

extension Span<UInt8> {
  /// The bytes as an array; a chunk of an input is too large to be copied one by one.
  fileprivate var copy: [UInt8] {
    unsafe withUnsafeBufferPointer { unsafe Array($0) }
  }

  /// Returns the number in `size` bytes, least significant first.
  fileprivate func littleEndian(at start: Int, size: Int) -> UInt64 {
    (0..<size).reduce(0) { $0 | UInt64(self[start + $1]) << (8 * UInt64($1)) }
  }
}
