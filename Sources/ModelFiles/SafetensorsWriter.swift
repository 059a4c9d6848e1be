import SparsityCore

/// A tensor to be written: its name, type, shape and little-endian bytes.
package struct NewTensor: Sendable {
  /// The name, unique in its file.
  package let name: String
  package let elementType: ElementType
  /// The dimensions, outermost first.
  package let shape: [Int]
  /// The elements' bytes.
  package let bytes: [UInt8]

  /// Creates a tensor of bytes.
  package init(name: String, elementType: ElementType, shape: [Int], bytes: [UInt8]) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// Creates an F32 tensor.
  package init(name: String, shape: [Int], values: [Float]) {
    self.init(
      name: name, elementType: .float32, shape: shape,
      bytes: littleEndianBytes(values.map(\.bitPattern)))
  }

  /// Creates a tensor of floating-point numbers of some type, rounded to the nearest.
  ///
  /// - Returns: `nil` for a finite number that the type cannot hold, and for a type without
  ///   fractions or of 8 bits.
  package init?(
    name: String, elementType: ElementType, shape: [Int], rounding values: some Collection<Float>
  ) {
    let bytes: [UInt8]
    switch elementType {
    case .float32: bytes = littleEndianBytes(values.map(\.bitPattern))
    case .float64: bytes = littleEndianBytes(values.map { Double($0).bitPattern })
    case .float16:
      let rounded = values.map { Float16($0) }
      guard zip(values, rounded).allSatisfy({ $1.isFinite || !$0.isFinite }) else { return nil }
      bytes = littleEndianBytes(rounded.map(\.bitPattern))
    case .bfloat16:
      let rounded = values.map { BF16(rounding: $0) }
      guard zip(values, rounded).allSatisfy({ $1.float.isFinite || !$0.isFinite }) else {
        return nil
      }
      bytes = littleEndianBytes(rounded.map(\.bits))
    default: return nil
    }
    self.init(name: name, elementType: elementType, shape: shape, bytes: bytes)
  }

  /// Creates an I32 tensor.
  package init(name: String, shape: [Int], values: [Int32]) {
    self.init(
      name: name, elementType: .int32, shape: shape,
      bytes: littleEndianBytes(values.map(UInt32.init(bitPattern:))))
  }
}

/// Writes a safetensors file, which appears under its name only when it is complete.
///
/// Tensors lie by falling element size, then by name, so that all are aligned and the same content
/// gives the same bytes.
///
/// - Complexity: O(*n*), where *n* is the size of the file.
package func writeSafetensors(
  _ tensors: [NewTensor], metadata: [String: String] = [:], to path: String
) throws(ModelFileError) {
  let ordered = tensors.sorted {
    ($1.elementType.size, $0.name) < ($0.elementType.size, $1.name)
  }
  var entries: [(name: String, entry: TensorEntry)] = []
  var names: Set<String> = ["__metadata__"]
  var end = 0
  for tensor in ordered {
    guard names.insert(tensor.name).inserted else { throw .unusableTensorName(tensor.name) }
    let size = tensor.elementType.size(ofShape: tensor.shape)
    guard size == tensor.bytes.count else {
      throw .wrongTensorSize(
        name: tensor.name, shape: tensor.shape, expectedBytes: size, bytes: tensor.bytes.count)
    }
    let entry = TensorEntry(
      elementType: tensor.elementType, shape: tensor.shape,
      byteRange: end..<end + tensor.bytes.count)
    entries.append((tensor.name, entry))
    end += tensor.bytes.count
  }
  guard let header = SafetensorsHeader.encoded(entries, metadata: metadata) else {
    throw .headerTooLarge(
      path: path, headerBytes: .max, limitBytes: SafetensorsHeader.sizeMax)
  }
  let file = try AtomicFile(path: path)
  try file.write(header.span, at: 0)
  for (tensor, (_, entry)) in zip(ordered, entries) {
    try file.write(tensor.bytes.span, at: header.count + entry.byteRange.lowerBound)
  }
  try file.commit()
}

/// Returns the bytes of words, each with its least significant byte first.
package func littleEndianBytes<Word: FixedWidthInteger>(_ words: [Word]) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(words.count * MemoryLayout<Word>.size)
  for word in words {
    for shift in stride(from: 0, to: Word.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: word >> Word(shift)))
    }
  }
  return bytes
}
