/// Type, shape and place of one tensor in a safetensors file.
package struct TensorEntry: Hashable, Sendable {
  package let elementType: ElementType
  /// The dimensions, outermost first; empty for a scalar.
  package let shape: [Int]
  /// The tensor's bytes, counted from the end of the header.
  package let byteRange: Range<Int>

  /// Creates the description of a tensor.
  package init(elementType: ElementType, shape: [Int], byteRange: Range<Int>) {
    self.elementType = elementType
    self.shape = shape
    self.byteRange = byteRange
  }

  /// The number of elements.
  package var count: Int { byteRange.count / elementType.size }
}

/// The header of a safetensors file: what it holds and where.
package struct SafetensorsHeader: Equatable, Sendable {
  /// The largest header that the format allows, without its 8 bytes of size.
  package static let sizeMax = 100_000_000
  /// The bytes before the header, which hold its size.
  package static let prefixSize = 8
  private static let metadataKey = "__metadata__"

  /// The tensors by name.
  package let tensors: [String: TensorEntry]
  /// The free texts of `__metadata__`.
  package let metadata: [String: String]
  /// The bytes before the data: prefix and header.
  package let dataOffset: Int

  /// Reads and checks the header of a file of these bytes.
  ///
  /// Every byte after the header must belong to exactly one tensor, as the format demands.
  package init(parsing file: Span<UInt8>, path: String) throws(ModelFileError) {
    let headerSize = try Self.headerSize(of: file, path: path)
    let dataOffset = Self.prefixSize + headerSize
    let text = [UInt8](copying: file.extracting(Self.prefixSize..<dataOffset))
    guard text.first == UInt8(ascii: "{") else {
      throw .invalidHeader(path: path, fault: .noObject)
    }
    let parsed: JSONValue
    do {
      parsed = try JSONParser.parse(text)
    } catch {
      throw .invalidJSON(path: path, fault: error)
    }
    guard case .object(var members) = parsed else {
      throw .invalidHeader(path: path, fault: .noObject)
    }
    let available = file.count - dataOffset
    do throws(SafetensorsFault) {
      self.metadata = try Self.metadata(members.removeValue(forKey: Self.metadataKey))
      self.tensors = try Self.entries(members)
    } catch {
      throw .invalidHeader(path: path, fault: error)
    }
    self.dataOffset = dataOffset
    let needed: Int
    do {
      needed = try Self.dataSize(checking: tensors)
    } catch {
      throw .invalidHeader(path: path, fault: error)
    }
    guard needed <= available else {
      let (total, overflow) = dataOffset.addingReportingOverflow(needed)
      throw .truncated(
        path: path, neededBytes: overflow ? .max : total, availableBytes: file.count)
    }
    guard needed == available else {
      throw .invalidHeader(path: path, fault: .trailingBytes(count: available - needed))
    }
  }

  private static func headerSize(of file: Span<UInt8>, path: String) throws(ModelFileError) -> Int {
    guard file.count >= prefixSize else {
      throw .truncated(path: path, neededBytes: prefixSize, availableBytes: file.count)
    }
    var size: UInt64 = 0
    for index in (0..<prefixSize).reversed() { size = size << 8 | UInt64(file[index]) }
    guard size <= UInt64(sizeMax) else {
      throw .headerTooLarge(path: path, headerBytes: size, limitBytes: sizeMax)
    }
    guard Int(size) <= file.count - prefixSize else {
      throw .truncated(
        path: path, neededBytes: prefixSize + Int(size), availableBytes: file.count)
    }
    return Int(size)
  }

  private static func metadata(_ value: JSONValue?) throws(SafetensorsFault) -> [String: String] {
    // Some writers put null where they have no texts; the reference implementation takes it.
    guard let value, value != .null else { return [:] }
    guard case .object(let members) = value else { throw .invalidMetadata(key: nil) }
    var metadata: [String: String] = [:]
    for (key, value) in members {
      guard case .string(let text) = value else { throw .invalidMetadata(key: key) }
      metadata[key] = text
    }
    return metadata
  }

  private static func entries(_ members: [String: JSONValue]) throws(SafetensorsFault)
    -> [String: TensorEntry]
  {
    var tensors: [String: TensorEntry] = [:]
    tensors.reserveCapacity(members.count)
    // Sorted, so that of several faults always the same one is reported.
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      tensors[name] = try entry(value, tensor: name)
    }
    return tensors
  }

  private static func entry(_ value: JSONValue, tensor: String) throws(SafetensorsFault)
    -> TensorEntry
  {
    guard case .object(let members) = value else {
      throw .invalidEntry(tensor: tensor, found: value.kind)
    }
    guard members.count == 3, case .string(let typeName)? = members["dtype"],
      case .array(let dimensions)? = members["shape"],
      case .array(let offsets)? = members["data_offsets"]
    else {
      throw .invalidEntry(tensor: tensor, found: members.keys.sorted().joined(separator: ", "))
    }
    guard let elementType = ElementType(rawValue: typeName) else {
      throw .unknownElementType(tensor: tensor, name: typeName)
    }
    let shape = dimensions.compactMap(\.asCount)
    guard shape.count == dimensions.count, let size = elementType.size(ofShape: shape) else {
      throw .invalidShape(tensor: tensor)
    }
    let bounds = offsets.compactMap(\.asCount)
    guard offsets.count == 2, bounds.count == 2, bounds[0] <= bounds[1] else {
      throw .invalidOffsets(tensor: tensor)
    }
    guard bounds[1] - bounds[0] == size else {
      throw .sizeMismatch(
        tensor: tensor, expectedBytes: size, rangeBytes: bounds[1] - bounds[0])
    }
    return TensorEntry(
      elementType: elementType, shape: shape, byteRange: bounds[0]..<bounds[1])
  }

  /// Returns the bytes that all tensors take, which must follow each other without gap.
  private static func dataSize(checking tensors: [String: TensorEntry]) throws(SafetensorsFault)
    -> Int
  {
    let ordered = tensors.sorted {
      ($0.value.byteRange.lowerBound, $0.value.byteRange.upperBound, $0.key)
        < ($1.value.byteRange.lowerBound, $1.value.byteRange.upperBound, $1.key)
    }
    var end = 0
    for (name, entry) in ordered {
      let begin = entry.byteRange.lowerBound
      guard begin >= end else { throw .overlap(tensor: name, begin: begin, previousEnd: end) }
      guard begin == end else { throw .hole(tensor: name, begin: begin, previousEnd: end) }
      end = entry.byteRange.upperBound
    }
    return end
  }
}

extension SafetensorsHeader {
  /// Returns prefix and header for these tensors, filled with spaces up to `size` bytes if given.
  ///
  /// Without `size`, the data begins at a multiple of 8 bytes. Entries are in the order of their
  /// data, so that the same content always gives the same bytes.
  ///
  /// - Returns: The bytes, or `nil` if they would exceed the format's limit or `size`.
  package static func encoded(
    _ tensors: [(name: String, entry: TensorEntry)], metadata: [String: String], size: Int? = nil
  ) -> [UInt8]? {
    var members: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }
        .map { "\(JSONValue.quoted($0.key)):\(JSONValue.quoted($0.value))" }
      members.append("\"\(metadataKey)\":{\(texts.joined(separator: ","))}")
    }
    for (name, entry) in tensors {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(JSONValue.quoted(name)):{\"dtype\":\"\(entry.elementType.rawValue)\","
          + "\"shape\":[\(shape)],\"data_offsets\":"
          + "[\(entry.byteRange.lowerBound),\(entry.byteRange.upperBound)]}")
    }
    var text = Array("{\(members.joined(separator: ","))}".utf8)
    let padded = size.map { $0 - prefixSize } ?? (text.count + 7) / 8 * 8
    guard padded >= text.count, padded <= sizeMax else { return nil }
    text += Array(repeating: UInt8(ascii: " "), count: padded - text.count)
    let prefix = (0..<prefixSize).map { UInt8(truncatingIfNeeded: padded >> (8 * $0)) }
    return prefix + text
  }
}

extension JSONValue {
  /// The value as a number ≥ 0, or `nil`.
  fileprivate var asCount: Int? {
    guard case .integer(let value) = self, value >= 0 else { return nil }
    return value
  }
}

extension [UInt8] {
  /// Creates an array of the bytes of a span.
  package init(copying bytes: Span<UInt8>) {
    self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
  }
}
