import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// Texts of peers that would steer a terminal, begin a line of a log, or turn what stands around.
struct ShownTextTests {
  /// Each with what a reader gets.
  static let texts: [(raw: String, shown: String)] = [
    ("node07/4711", "node07/4711"), ("søk på ディスク 👩‍👩‍👧", "søk på ディスク 👩‍👩‍👧"),
    ("\u{1B}]0;owned\u{7}", "\\u{1B}]0;owned\\u{7}"),
    ("a\r\nb\tc", "a\\u{D}\\u{A}b\\u{9}c"),
    ("\u{9B}2J\u{7F}\u{0}", "\\u{9B}2J\\u{7F}\\u{0}"),
    ("\u{202E}gnp.exe", "\\u{202E}gnp.exe"),
    ("\u{2066}x\u{2069}\u{200F}\u{61C}", "\\u{2066}x\\u{2069}\\u{200F}\\u{61C}"),
    ("\u{2028}\u{2029}\u{85}", "\\u{2028}\\u{2029}\\u{85}"),
  ]

  /// A message of every kind that carries a text, and how to read it.
  static func carriers(_ text: String) -> [(Message, @Sendable (Message) -> [String])] {
    var status = OperatorMessageTests.status
    status.activity.storageDiagnostic = text
    status.activity.workers[0].label = text
    status.progress.quarantined[0].diagnostic = text
    guard case .hello(var hello) = Samples.messages[0] else { preconditionFailure("a greeting") }
    hello.label = text
    hello.build = text
    let rejection = Rejection(
      shard: Samples.shard, key: Samples.key, reason: .handedBack, diagnostic: text)
    let refusal = Refusal(
      reason: .failing, diagnostic: text, isFinal: false, supported: ProtocolVersion.supported)
    return [
      (
        .hello(hello),
        {
          if case .hello(let hello) = $0 { [hello.label, hello.build] } else { [] }
        }
      ),
      (
        .bye(Farewell(reason: .unable, diagnostic: text)),
        {
          if case .bye(let farewell) = $0 { [farewell.diagnostic] } else { [] }
        }
      ),
      (.reject(rejection), { if case .reject(let found) = $0 { [found.diagnostic] } else { [] } }),
      (.refused(refusal), { if case .refused(let found) = $0 { [found.diagnostic] } else { [] } }),
      (
        .inputs(.unavailable(Unavailability(content: ContentHash(repeating: 1), diagnostic: text))),
        {
          if case .inputs(.unavailable(let found)) = $0 { [found.diagnostic] } else { [] }
        }
      ),
      (
        .operation(.drainRequest(worker: text)),
        {
          if case .operation(.drainRequest(let worker?)) = $0 { [worker] } else { [] }
        }
      ),
      (
        .operation(.answer(isDone: true, diagnostic: text)),
        {
          if case .operation(.answer(_, let diagnostic)) = $0 { [diagnostic] } else { [] }
        }
      ),
      (
        .operation(.status(status)),
        {
          guard case .operation(.status(let found)) = $0 else { return [] }
          return [
            found.activity.storageDiagnostic, found.activity.workers[0].label,
            found.progress.quarantined[0].diagnostic,
          ]
        }
      ),
    ]
  }

  @Test(arguments: texts)
  func `every text of a peer is written out where it is decoded`(
    raw: String, shown: String
  ) throws {
    for (message, texts) in Self.carriers(raw) {
      let decoded = try Envelope(decoding: Samples.envelope(message).encoded()).message
      let found = texts(decoded)
      #expect(!found.isEmpty, "\(message.name)")
      #expect(found.allSatisfy { $0 == shown }, "\(message.name): \(found)")
      // What has passed once passes again as it is.
      #expect(try Envelope(decoding: Samples.envelope(decoded).encoded()).message == decoded)
    }
  }

  @Test func `paths and parameters stay what they are`() throws {
    var description = Samples.description
    description.model = RunInput(
      path: "/odd\u{1B}/\u{200F}path", content: ContentHash(repeating: 1))
    description.parameters["accelerator.0"] = "name: x\nclockHz: 1\n"
    let welcome = Message.welcome(
      Welcome(
        version: .current, description: description, heartbeatMilliseconds: 1,
        leaseMilliseconds: 2))
    #expect(try Envelope(decoding: Samples.envelope(welcome).encoded()).message == welcome)
  }

  @Test func `a text that grows when it is written out keeps its bound`() throws {
    let diagnostic = String(repeating: "\u{202E}", count: WireLimits.textSizeMax / 3)
    let bye = Message.bye(Farewell(reason: .unable, diagnostic: diagnostic))
    guard case .bye(let farewell) = try Envelope(decoding: Samples.envelope(bye).encoded()).message
    else {
      Issue.record("another message")
      return
    }
    #expect(farewell.diagnostic.utf8.count <= WireLimits.textSizeMax)
    #expect(farewell.diagnostic.hasPrefix("\\u{202E}\\u{202E}"))
  }

  @Test func `a name beyond 64 bytes is refused, and a sender cuts its own`() throws {
    #expect(WireLimits.labelSizeMax == 64)
    guard case .hello(var hello) = Samples.messages[0] else { return }
    hello.label = String(repeating: "x", count: 64)
    let frame = Samples.envelope(.hello(hello)).encoded()
    guard case .hello(let found) = try Envelope(decoding: frame).message else { return }
    #expect(found.label == hello.label)
    // The label's tag and length, then 64 bytes: one more of them is too many.
    let start = try #require(
      frame.indices.first { index in
        frame[index...].starts(with: [64] + hello.label.utf8)
      })
    var longer = frame
    longer[start] = 65
    longer.insert(UInt8(ascii: "x"), at: start + 1)
    longer[28] += 1
    let error = #expect(throws: WireError.self) { try Envelope(decoding: longer) }
    #expect(error.map { "\($0)".contains("65 bytes, more than 64") } == true)
    hello.label += "yz"
    guard
      case .hello(let cut) = try Envelope(decoding: Samples.envelope(.hello(hello)).encoded())
        .message
    else { return }
    #expect(cut.label == String(repeating: "x", count: 64))
  }
}
