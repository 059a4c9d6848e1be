import CPNG

/// The image of a PNG file, decoded as Pillow's `convert("RGB")` or `convert("L")` would see it.
///
/// Alpha and transparent colours are dropped, not blended; gamma and colour profiles are ignored.
/// Of 16-bit values the high byte is kept, except in 16-bit colour with alpha, where libpng rounds
/// to the nearest 8-bit value.
func decodedPNG(_ bytes: Span<UInt8>) throws(ImageFault) -> PixelImage {
  let file = try PNGFile(bytes)
  try PixelImage.checkSize(width: file.width, height: file.height)
  let layout = try PNGLayout(colourType: file.colourType, bitDepth: file.bitDepth)
  let critical = file.criticalChunks(colourType: layout.colourType, bitDepth: layout.bitDepth)
  let values = try decodedValues(critical, width: file.width, height: file.height, layout)
  let channels = layout.kept.count
  var pixels = [UInt8](repeating: 0, count: file.width * file.height * channels)
  for pixel in 0..<file.width * file.height {
    for channel in 0..<channels {
      let position = pixel * layout.bytesPerPixel + layout.kept[channel]
      pixels[pixel * channels + channel] = values[position]
    }
  }
  return PixelImage(
    width: file.width, height: file.height, channels: channels, pixels: pixels)
}

/// How libpng is asked to decode one kind of PNG, and which of the bytes are kept.
private struct PNGLayout {
  /// The colour type and depth that libpng is told.
  let colourType: UInt8
  let bitDepth: UInt8
  /// The format of the simplified interface.
  let format: UInt32
  let bytesPerPixel: Int
  /// The bytes of a decoded pixel that are the result.
  let kept: [Int]

  init(colourType: UInt8, bitDepth: UInt8) throws(ImageFault) {
    let alpha = UInt32(PNG_FORMAT_FLAG_ALPHA)
    let colour = UInt32(PNG_FORMAT_FLAG_COLOR)
    let linear = UInt32(PNG_FORMAT_FLAG_LINEAR)
    switch (colourType, bitDepth) {
    case (0, 16):
      // libpng would take 16-bit values for linear light and bend them. A grey value of two bytes
      // is stored as grey and alpha of one byte are, and decoded so it stays as it is.
      self.init(as: 4, 8, format: alpha, bytesPerPixel: 2, kept: [0])
    case (4, 16):
      // In the same way grey and alpha of two bytes are stored as four channels of one.
      self.init(as: 6, 8, format: colour | alpha, bytesPerPixel: 4, kept: [0])
    case (2, 16):
      // Linear to linear is no change; the high byte comes second in memory.
      self.init(as: 2, 16, format: colour | linear, bytesPerPixel: 6, kept: [1, 3, 5])
    case (0, 1), (0, 2), (0, 4), (0, 8):
      self.init(as: 0, bitDepth, format: 0, bytesPerPixel: 1, kept: [0])
    case (3, 1), (3, 2), (3, 4), (3, 8), (2, 8):
      self.init(as: colourType, bitDepth, format: colour, bytesPerPixel: 3, kept: [0, 1, 2])
    case (4, 8):
      self.init(as: 4, 8, format: alpha, bytesPerPixel: 2, kept: [0])
    case (6, 8), (6, 16):
      self.init(as: 6, bitDepth, format: colour | alpha, bytesPerPixel: 4, kept: [0, 1, 2])
    default:
      throw .damaged(reason: "its header has colour type \(colourType) with \(bitDepth) bits")
    }
  }

  private init(
    as colourType: UInt8, _ bitDepth: UInt8, format: UInt32, bytesPerPixel: Int, kept: [Int]
  ) {
    self.colourType = colourType
    self.bitDepth = bitDepth
    self.format = format
    self.bytesPerPixel = bytesPerPixel
    self.kept = kept
  }
}

/// Decodes a PNG file of critical chunks by libpng's simplified interface.
private func decodedValues(_ file: [UInt8], width: Int, height: Int, _ layout: PNGLayout)
  throws(ImageFault) -> [UInt8]
{
  var values = [UInt8](repeating: 0, count: width * height * layout.bytesPerPixel)
  var image = unsafe png_image()
  unsafe image.version = UInt32(PNG_IMAGE_VERSION)
  let isDecoded = unsafe file.withUnsafeBufferPointer { buffer in
    guard unsafe png_image_begin_read_from_memory(&image, buffer.baseAddress, buffer.count) != 0
    else { return false }
    guard unsafe Int(image.width) == width, unsafe Int(image.height) == height else {
      unsafe png_image_free(&image)
      return false
    }
    unsafe image.format = layout.format
    if layout.format & UInt32(PNG_FORMAT_FLAG_LINEAR) == 0 {
      // 16-bit values become 8-bit ones without a change of their encoding.
      unsafe image.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
    }
    return unsafe values.withUnsafeMutableBytes { values in
      // Stride 0: rows follow each other without gap.
      unsafe png_image_finish_read(&image, nil, values.baseAddress, 0, nil) != 0
    }
  }
  guard isDecoded else {
    let message = unsafe withUnsafeBytes(of: image.message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw .damaged(reason: message)
  }
  return values
}

/// The chunks of a PNG file (ISO/IEC 15948), found but not decoded.
private struct PNGFile {
  let width: Int
  let height: Int
  let bitDepth: UInt8
  let colourType: UInt8
  private let header: [UInt8]
  private let otherChunks: [UInt8]

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  init(_ bytes: Span<UInt8>) throws(ImageFault) {
    var position = Self.signature.count
    var header: [UInt8]?
    var others: [UInt8] = []
    var isComplete = false
    while !isComplete {
      guard bytes.count - position >= 12 else { throw .damaged(reason: "it ends too early") }
      let size = Self.word(bytes, at: position)
      guard size <= bytes.count - position - 12 else {
        throw .damaged(reason: "it ends too early")
      }
      let chunk = Array(copying: bytes.extracting(position..<position + 12 + size))
      position += 12 + size
      let type = String(decoding: chunk[4..<8], as: UTF8.self)
      if header == nil {
        guard type == "IHDR", size == 13 else { throw .damaged(reason: "it has no header") }
        guard Self.checksum(Array(chunk[4..<21])) == Array(chunk[21...]) else {
          throw .damaged(reason: "the checksum of its header is wrong")
        }
        header = Array(chunk[8..<21])
      } else if chunk[4] & 0x20 == 0 {
        // Ancillary chunks (lower-case) carry gamma, transparency and texts: not wanted.
        others += chunk
      }
      isComplete = type == "IEND"
    }
    guard let header else { throw .damaged(reason: "it has no header") }
    self.header = header
    self.otherChunks = others
    self.width = Self.word(header.span, at: 0)
    self.height = Self.word(header.span, at: 4)
    self.bitDepth = header[8]
    self.colourType = header[9]
  }

  /// The file without ancillary chunks, and with another colour type and depth in its header.
  func criticalChunks(colourType: UInt8, bitDepth: UInt8) -> [UInt8] {
    var header = header
    header[8] = bitDepth
    header[9] = colourType
    let chunk = Array("IHDR".utf8) + header
    return Self.signature + [0, 0, 0, 13] + chunk + Self.checksum(chunk) + otherChunks
  }

  private static func word(_ bytes: Span<UInt8>, at offset: Int) -> Int {
    (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
  }

  /// The CRC-32 of a chunk, most significant byte first.
  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    var register = UInt32.max
    for byte in bytes {
      register ^= UInt32(byte)
      for _ in 0..<8 {
        register = register & 1 == 1 ? register >> 1 ^ 0xEDB8_8320 : register >> 1
      }
    }
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ~register >> $0) }
  }
}
