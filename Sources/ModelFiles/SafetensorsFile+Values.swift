extension SafetensorsFile {
  /// Returns a tensor's values as fp32, converted from F32, F16, BF16 or F64.
  ///
  /// - Complexity: O(*n*), where *n* is the number of elements.
  package func floats(_ name: String) throws(ModelFileError) -> (shape: [Int], values: [Float]) {
    let entry = try entry(name)
    let values: [Float]
    switch entry.elementType {
    case .float32:
      values = elements(of: entry) { (bits: UInt32) in Float(bitPattern: bits) }
    case .float16:
      values = elements(of: entry) { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
    case .bfloat16:
      values = elements(of: entry) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
    case .float64:
      values = elements(of: entry) { (bits: UInt64) in Float(Double(bitPattern: bits)) }
    default:
      throw .unsupportedConversion(
        path: path, name: name, from: entry.elementType, to: "floating-point numbers")
    }
    return (entry.shape, values)
  }

  /// Returns a tensor's values as fp64, converted from F32, F16, BF16 or F64.
  package func doubles(_ name: String) throws(ModelFileError) -> (shape: [Int], values: [Double]) {
    let entry = try entry(name)
    guard entry.elementType == .float64 else {
      let (shape, values) = try floats(name)
      return (shape, values.map(Double.init))
    }
    return (entry.shape, elements(of: entry) { (bits: UInt64) in Double(bitPattern: bits) })
  }

  /// Returns a tensor's values as integers, from BOOL, U8, I8, I16, U16, I32, U32 or I64.
  package func integers(_ name: String) throws(ModelFileError) -> (shape: [Int], values: [Int]) {
    let entry = try entry(name)
    let values: [Int]
    switch entry.elementType {
    case .uint8, .bool: values = elements(of: entry) { (bits: UInt8) in Int(bits) }
    case .int8: values = elements(of: entry) { (bits: UInt8) in Int(Int8(bitPattern: bits)) }
    case .uint16: values = elements(of: entry) { (bits: UInt16) in Int(bits) }
    case .int16: values = elements(of: entry) { (bits: UInt16) in Int(Int16(bitPattern: bits)) }
    case .uint32: values = elements(of: entry) { (bits: UInt32) in Int(bits) }
    case .int32: values = elements(of: entry) { (bits: UInt32) in Int(Int32(bitPattern: bits)) }
    case .int64: values = elements(of: entry) { (bits: UInt64) in Int(Int64(bitPattern: bits)) }
    default:
      throw .unsupportedConversion(
        path: path, name: name, from: entry.elementType, to: "integers")
    }
    return (entry.shape, values)
  }

  /// Returns a U8 tensor's bytes.
  package func bytes(_ name: String) throws(ModelFileError) -> (shape: [Int], values: [UInt8]) {
    let entry = try entry(name)
    guard entry.elementType == .uint8 else {
      throw .unsupportedConversion(path: path, name: name, from: entry.elementType, to: "bytes")
    }
    return (entry.shape, withBytes(of: entry) { Array(copying: $0) })
  }

  /// Returns each element's bits, given by the little-endian word they are stored in, converted.
  private func elements<Word: FixedWidthInteger & BitwiseCopyable, Value>(
    of entry: TensorEntry, _ convert: (Word) -> Value
  ) -> [Value] {
    let count = entry.count
    return withBytes(of: entry) { bytes in
      precondition(bytes.count == count * MemoryLayout<Word>.size)
      return unsafe [Value](unsafeUninitializedCapacity: count) { values, filled in
        for index in 0..<count {
          // The format does not promise alignment; the span checks the bounds.
          let word = unsafe bytes.bytes.unsafeLoadUnaligned(
            fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
          unsafe values.initializeElement(at: index, to: convert(Word(littleEndian: word)))
        }
        filled = count
      }
    }
  }
}
