import Foundation
import SparsityCore
import Testing
import WireProtocol

/// A seeded mutator over the decoder: whatever arrives is a value or an error, never a trap.
struct FuzzTests {
  /// A message of every kind, those of operators included.
  fileprivate static let messages =
    Samples.messages + OperatorMessageTests.messages.map { .operation($0) }

  @Test(arguments: UInt64(0)..<24)
  func `mutated frames of every kind are decoded or refused`(seed: UInt64) throws {
    var mutator = Mutator(seed: seed)
    var decodedCount = 0
    var refusedCount = 0
    for _ in 0..<400 {
      let frame = mutator.frame()
      do throws(WireError) {
        let envelope = try Envelope(decoding: frame)
        decodedCount += 1
        // What was decoded keeps to the limits: it can be sent again and comes back.
        #expect(try Envelope(decoding: envelope.encoded()) == envelope)
      } catch {
        refusedCount += 1
        #expect(!"\(error)".isEmpty)
      }
    }
    // A mutator that only breaks headers, or changes nothing, would test nothing.
    #expect(decodedCount > 20)
    #expect(refusedCount > 100)
  }

  @Test(arguments: UInt64(0)..<8)
  func `mutated records of the journal are decoded or refused`(seed: UInt64) throws {
    var mutator = Mutator(seed: seed)
    for _ in 0..<400 {
      let bytes = mutator.mutated(mutator.pick(Samples.records).encoded())
      guard let record = try? JournalRecord(decoding: bytes) else { continue }
      #expect(try JournalRecord(decoding: record.encoded()) == record)
    }
  }

  @Test func `lengths that lie do not make the decoder reserve memory`() throws {
    // A body whose inner length says 4 GiB, in every place where a length could stand.
    let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0x0f]
    let before = try Self.addressSpacePeakBytes()
    var acceptedCount = 0
    for message in Self.messages {
      let frame = Samples.envelope(message).encoded()
      for index in Envelope.headerSize..<frame.count {
        var body = Array(frame[Envelope.headerSize..<index]) + huge
        body += frame[min(index + 1, frame.count)...]
        let lie = Mutator.framed(Array(frame[..<Envelope.headerSize]), body)
        guard let envelope = try? Envelope(decoding: lie) else { continue }
        acceptedCount += 1
        #expect(envelope.encoded().count <= 2 * lie.count + 64)
      }
    }
    #expect(acceptedCount > 0, "where the number is no length, it is a number")
    // Tests beside this one may take some; one reservation would take 4 GiB.
    #expect(try Self.addressSpacePeakBytes() - before < 2 << 30)
  }

  /// The most address space that this process has had.
  private static func addressSpacePeakBytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") })
    return try #require(Int(line.split(whereSeparator: \.isWhitespace)[1])) << 10
  }

  /// Changes valid frames in the ways in which bytes go wrong, by chance or by intent.
  struct Mutator {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed, stream: 99) }

    mutating func number(below bound: Int) -> Int { generator.index(below: bound) }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
      elements[number(below: elements.count)]
    }

    mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: generator.next()) }

    /// Returns a header whose length is that of the body.
    static func framed(_ header: [UInt8], _ body: [UInt8]) -> [UInt8] {
      var header = header
      for index in 0..<4 {
        header[28 + index] = UInt8(truncatingIfNeeded: body.count >> (8 * index))
      }
      return header + body
    }

    mutating func frame() -> [UInt8] {
      let frame = Samples.envelope(pick(FuzzTests.messages)).encoded()
      let header = Array(frame[..<Envelope.headerSize])
      let body = Array(frame[Envelope.headerSize...])
      switch number(below: 8) {
      case 0: return mutated(frame)
      case 1:
        // The body of another kind.
        let other = Samples.envelope(pick(FuzzTests.messages)).encoded()
        return Self.framed(header, Array(other[Envelope.headerSize...]))
      case 2:
        // A length that lies.
        var lie = frame
        lie[28 + number(below: 4)] = byte()
        return lie
      case 3: return mutated(header) + body
      case 4: return Self.framed(header, mutated(mutated(body)))
      default: return Self.framed(header, mutated(body))
      }
    }

    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
      guard !bytes.isEmpty else { return [byte()] }
      var bytes = bytes
      let place = number(below: bytes.count)
      switch number(below: 8) {
      case 0: bytes[place] ^= 1 << UInt8(number(below: 8))
      case 1: bytes[place] = pick([0, 1, 0x7f, 0x80, 0xff])
      case 2: bytes = Array(bytes.prefix(place))
      case 3: bytes.insert(contentsOf: (0...number(below: 12)).map { _ in byte() }, at: place)
      case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + number(below: 9)))
      case 5:
        // A splice: what stands elsewhere once more.
        let start = number(below: bytes.count)
        let end = min(bytes.count, start + 1 + number(below: 40))
        bytes.insert(contentsOf: Array(bytes[start..<end]), at: place)
      case 6:
        // A field repeated until it exceeds every limit.
        let end = min(bytes.count, place + 1 + number(below: 40))
        let part = Array(bytes[place..<end])
        for _ in 0..<number(below: 300) { bytes.insert(contentsOf: part, at: place) }
      default:
        // A number of ten bytes, the longest there is.
        let number: [UInt8] = Array(repeating: 0xff, count: 9) + [1]
        bytes.replaceSubrange(place..<(place + 1), with: number)
      }
      return bytes
    }
  }
}
