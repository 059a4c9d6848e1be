import ModelFiles
import SparsityCore
import Testing

struct SafetensorsHeaderTests {
  private func parse(_ bytes: [UInt8]) throws -> SafetensorsHeader {
    try SafetensorsHeader(parsing: bytes.span, path: "f")
  }

  private func fault(_ header: String, dataCount: Int = 8) -> SafetensorsFault? {
    let bytes = safetensorsBytes(header, data: Array(repeating: 0, count: dataCount))
    do {
      _ = try parse(bytes)
      return nil
    } catch ModelFileError.invalidHeader(_, let fault) {
      return fault
    } catch {
      Issue.record("another error: \(error)")
      return nil
    }
  }

  private func tensor(_ dtype: String, _ shape: String, _ offsets: String) -> String {
    #"{"a":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  @Test func `a small file is described`() throws {
    let header = try parse(smallFile())
    #expect(header.metadata == ["format": "pt"])
    #expect(
      header.tensors["weight"]
        == TensorEntry(elementType: .float16, shape: [1, 2], byteRange: 8..<12))
    #expect(header.tensors.count == 3)
  }

  @Test func `scalars, empty tensors and files without tensors are accepted`() throws {
    #expect(fault(tensor("F64", "[]", "[0,8]")) == nil)
    #expect(fault(tensor("F64", "[0,3]", "[0,0]"), dataCount: 0) == nil)
    #expect(try parse(safetensorsBytes("{}")).tensors.isEmpty)
    #expect(try parse(safetensorsBytes("{}   ")).tensors.isEmpty)
  }

  @Test func `a range that does not fit shape and type is refused`() {
    #expect(
      fault(tensor("F32", "[3]", "[0,8]"))
        == .sizeMismatch(tensor: "a", expectedBytes: 12, rangeBytes: 8))
    #expect(fault(tensor("F32", "[2]", "[8,0]")) == .invalidOffsets(tensor: "a"))
    #expect(fault(tensor("F32", "[2]", "[0,8,16]")) == .invalidOffsets(tensor: "a"))
    #expect(fault(tensor("F32", "[2]", "[-8,0]")) == .invalidOffsets(tensor: "a"))
    #expect(fault(tensor("F32", "[2]", "[0.0,8.0]")) == .invalidOffsets(tensor: "a"))
    #expect(fault(tensor("F32", "[-2]", "[0,8]")) == .invalidShape(tensor: "a"))
    #expect(
      fault(tensor("F32", "[4611686018427387904,4]", "[0,0]")) == .invalidShape(tensor: "a"))
  }

  @Test func `overlaps, holes and trailing bytes are refused`() {
    func two(_ first: String, _ second: String) -> String {
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":\#(first)},"#
        + #""b":{"dtype":"U8","shape":[4],"data_offsets":\#(second)}}"#
    }
    #expect(fault(two("[0,4]", "[4,8]")) == nil)
    #expect(fault(two("[4,8]", "[0,4]")) == nil)
    #expect(fault(two("[0,4]", "[3,7]")) == .overlap(tensor: "b", begin: 3, previousEnd: 4))
    #expect(fault(two("[0,4]", "[0,4]")) == .overlap(tensor: "b", begin: 0, previousEnd: 4))
    #expect(
      fault(two("[0,4]", "[5,9]"), dataCount: 9) == .hole(tensor: "b", begin: 5, previousEnd: 4))
    #expect(fault(two("[0,4]", "[4,8]"), dataCount: 10) == .trailingBytes(count: 2))
  }

  @Test func `entries and metadata of another form are refused`() {
    #expect(fault(tensor("F8", "[8]", "[0,8]")) == .unknownElementType(tensor: "a", name: "F8"))
    #expect(fault(#"{"a":[1]}"#) == .invalidEntry(tensor: "a", found: "an array"))
    #expect(
      fault(#"{"a":{"dtype":"U8","shape":[8]}}"#)
        == .invalidEntry(tensor: "a", found: "dtype, shape"))
    #expect(fault(#"{"__metadata__":{"n":3}}"#) == .invalidMetadata(key: "n"))
    #expect(fault(#"{"__metadata__":3}"#) == .invalidMetadata(key: nil))
    #expect(fault(" {}") == .noObject)
    #expect(fault("") == .noObject)
  }

  @Test func `a tensor name that appears twice is refused`() {
    let entry = #""a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}"#
    #expect(
      throws: ModelFileError.invalidJSON(path: "f", fault: .duplicateKey("a", offset: 53))
    ) {
      try parse(safetensorsBytes("{\(entry),\(entry)}", data: [0, 0, 0, 0]))
    }
  }

  @Test func `a truncated file is named with needed and available bytes`() {
    let bytes = smallFile()
    #expect(
      throws: ModelFileError.truncated(
        path: "f", neededBytes: bytes.count, availableBytes: bytes.count - 1)
    ) { try parse(bytes.dropLast()) }
    #expect(throws: ModelFileError.truncated(path: "f", neededBytes: 8, availableBytes: 3)) {
      try parse([1, 2, 3])
    }
    #expect(throws: ModelFileError.truncated(path: "f", neededBytes: 108, availableBytes: 9)) {
      try parse([100, 0, 0, 0, 0, 0, 0, 0, 123])
    }
  }

  @Test func `a header beyond the format's limit is refused before anything is read`() {
    let limit = SafetensorsHeader.sizeMax
    #expect(
      throws: ModelFileError.headerTooLarge(path: "f", headerBytes: .max, limitBytes: limit)
    ) { try parse(Array(repeating: 0xFF, count: 64)) }
  }

  @Test func `every prefix of a valid file is refused`() {
    let bytes = smallFile()
    for count in 0..<bytes.count {
      #expect(throws: ModelFileError.self) { try parse(Array(bytes.prefix(count))) }
    }
  }

  @Test(arguments: UInt64(0)..<20)
  func `random changes of one to three bytes decode or throw`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let original = smallFile()
    var acceptedCount = 0
    for _ in 0..<500 {
      var bytes = original
      for _ in 0...generator.index(below: 3) {
        bytes[generator.index(below: bytes.count)] = UInt8(generator.index(below: 256))
      }
      guard let file = try? SafetensorsFile(bytes: bytes, name: "f") else { continue }
      acceptedCount += 1
      // What is accepted can be read without a trap.
      for name in file.names {
        _ = try? file.floats(name)
        _ = try? file.integers(name)
        let size = try file.withBytes(of: name) { $0.count }
        #expect(size <= bytes.count)
      }
    }
    #expect((1..<500).contains(acceptedCount), "\(acceptedCount)")
  }

  @Test func `every single-byte change of the header's digits and signs decodes or throws`() {
    let original = smallFile()
    var counts = (accepted: 0, refused: 0)
    for index in original.indices {
      for value in Array("0123456789-[]{},:\" ".utf8) + [0, 0xFF] {
        var bytes = original
        bytes[index] = value
        if let file = try? SafetensorsFile(bytes: bytes, name: "f") {
          counts.accepted += 1
          #expect(!file.names.isEmpty)
        } else {
          counts.refused += 1
        }
      }
    }
    #expect(counts.accepted > 0 && counts.refused > 0, "\(counts)")
  }

  @Test func `an encoded header is read back, with or without a fixed size`() throws {
    let entries = [
      (name: "a\"b", entry: TensorEntry(elementType: .int32, shape: [2], byteRange: 0..<8)),
      (name: "c", entry: TensorEntry(elementType: .uint8, shape: [1, 1], byteRange: 8..<9)),
    ]
    for size in [nil, 1001] {
      let encoded = try #require(
        SafetensorsHeader.encoded(entries, metadata: ["k": "v\n"], size: size))
      #expect(size == nil ? encoded.count % 8 == 0 : encoded.count == 1001)
      let header = try parse(encoded + Array(repeating: 0, count: 9))
      #expect(header.metadata == ["k": "v\n"])
      #expect(header.tensors == Dictionary(uniqueKeysWithValues: entries.map { ($0, $1) }))
      #expect(header.dataOffset == encoded.count)
    }
    #expect(SafetensorsHeader.encoded(entries, metadata: [:], size: 20) == nil)
  }
}
