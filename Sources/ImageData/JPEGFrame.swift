/// What the markers of a JPEG file (ITU-T T.81) tell about decoding, before anything is decoded.
struct JPEGFrame {
  /// The pixels of a row.
  let width: Int
  /// The rows.
  let height: Int
  /// The sampling factors of each component.
  private let components: [(horizontal: Int, vertical: Int)]
  /// Whether every block is coded by Huffman codes, in one scan of its component.
  private let isSequential: Bool
  /// Whether the first scan holds all components.
  private let isInterleaved: Bool

  /// Reads the markers up to the first scan, passing over what lies between them as libjpeg does.
  ///
  /// - Returns: `nil` without a frame header and a scan, which no decoder accepts.
  init?(_ bytes: Span<UInt8>) {
    var frame: (width: Int, height: Int, components: [(Int, Int)], isSequential: Bool)?
    var position = 0
    while let marker = Self.nextMarker(bytes, from: &position) {
      // Markers without content: restarts, the beginning, and 1.
      if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
      guard marker != 0xD9, position + 2 <= bytes.count else { return nil }
      let size = Self.number(bytes, at: position)
      guard size >= 2, position + size <= bytes.count else { return nil }
      if marker == 0xDA {
        guard let frame, size >= 3 else { return nil }
        self.init(frame, scanComponents: Int(bytes[position + 2]))
        return
      }
      // Frame headers; the three others in their row define tables.
      if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
        guard frame == nil, size >= 8 else { return nil }
        let count = Int(bytes[position + 7])
        guard count > 0, size == 8 + 3 * count else { return nil }
        let components = (0..<count).map { index in
          let factors = bytes[position + 9 + 3 * index]
          return (Int(factors >> 4), Int(factors & 15))
        }
        frame = (
          Self.number(bytes, at: position + 5), Self.number(bytes, at: position + 3), components,
          marker <= 0xC1
        )
      }
      position += size
    }
    return nil
  }

  private init?(
    _ frame: (width: Int, height: Int, components: [(Int, Int)], isSequential: Bool),
    scanComponents: Int
  ) {
    guard frame.components.allSatisfy({ (1...4).contains($0.0) && (1...4).contains($0.1) }) else {
      return nil
    }
    self.width = frame.width
    self.height = frame.height
    self.components = frame.components.map { (horizontal: $0.0, vertical: $0.1) }
    self.isSequential = frame.isSequential
    self.isInterleaved = scanComponents == frame.components.count
  }

  /// The bytes of coded data that the image needs at the least: two bits for each block of the
  /// component that has the fewest. Progressive scans have no such bound.
  var codedSizeMin: Int {
    guard isSequential else { return 0 }
    let counts = components.map { component in
      blocks(width, component.horizontal, of: horizontalMax)
        * blocks(height, component.vertical, of: verticalMax)
    }
    return (counts.min() ?? 0) / 4
  }

  /// The memory of the coefficients, which libjpeg keeps unless each block comes but once, with
  /// those of the other components: two bytes for each.
  var coefficientBytes: Int {
    guard !isSequential || !isInterleaved else { return 0 }
    return components.reduce(0) { sum, component in
      let columns = units(width, horizontalMax) * component.horizontal
      let rows = units(height, verticalMax) * component.vertical
      return sum + columns * rows * 128
    }
  }

  /// The components of a pixel.
  var componentCount: Int { components.count }

  private var horizontalMax: Int { components.map(\.horizontal).max() ?? 1 }
  private var verticalMax: Int { components.map(\.vertical).max() ?? 1 }

  /// The groups of blocks in one direction.
  private func units(_ length: Int, _ factorMax: Int) -> Int {
    (length + 8 * factorMax - 1) / (8 * factorMax)
  }

  /// The blocks of a component in one direction.
  private func blocks(_ length: Int, _ factor: Int, of factorMax: Int) -> Int {
    (length * factor + 8 * factorMax - 1) / (8 * factorMax)
  }

  /// Finds the next marker and leaves `position` behind it.
  private static func nextMarker(_ bytes: Span<UInt8>, from position: inout Int) -> UInt8? {
    while position + 1 < bytes.count {
      let (byte, next) = (bytes[position], bytes[position + 1])
      position += 1
      guard byte == 0xFF, next != 0, next != 0xFF else { continue }
      position += 1
      return next
    }
    return nil
  }

  private static func number(_ bytes: Span<UInt8>, at offset: Int) -> Int {
    Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
  }
}

/// Returns the most memory that decoding a JPEG file takes besides its own bytes.
func jpegDecodingBytes(_ bytes: Span<UInt8>, channels: Int) throws(ImageFault) -> Int {
  // Without a frame the decoder fails before it takes any.
  guard let frame = JPEGFrame(bytes) else { return 0 }
  try PixelImage.checkSize(width: frame.width, height: frame.height)
  let isGrey = frame.componentCount == 1
  let decoded = isGrey ? 1 : max(3, frame.componentCount)
  let converted = (isGrey ? 1 : 3) == channels ? 0 : channels
  return frame.width * frame.height * (decoded + converted) + frame.coefficientBytes
}
