import CPNG

/// The image of a PNG file, decoded as Pillow's `convert("RGB")` or `convert("L")` would see it.
///
/// Alpha and transparent colours are dropped, not blended; gamma and colour profiles are ignored.
/// Of 16-bit values the high byte is kept, except in 16-bit colour with alpha, where libpng rounds
/// to the nearest 8-bit value.
func decodedPNG(_ bytes: Span<UInt8>) throws(ImageFault) -> PixelImage {
  let header = try PNGHeader(bytes)
  let layout = try PNGLayout(colourType: header.colourType, bitDepth: header.bitDepth)
  let critical = try PNGFile(bytes, header: header)
    .criticalChunks(colourType: layout.colourType, bitDepth: layout.bitDepth)
  let (width, height) = (header.width, header.height)
  var values = try decodedValues(critical, width: width, height: height, layout)
  let channels = layout.kept.count
  if channels < layout.bytesPerPixel {
    // In place: what is kept of a pixel never lies behind where it goes.
    for pixel in 0..<width * height {
      for channel in 0..<channels {
        let position = pixel * layout.bytesPerPixel + layout.kept[channel]
        values[pixel * channels + channel] = values[position]
      }
    }
    values.removeLast(width * height * (layout.bytesPerPixel - channels))
  }
  return PixelImage(width: width, height: height, channels: channels, pixels: values)
}

/// Returns the most memory that decoding a PNG file takes besides its own bytes.
func pngDecodingBytes(_ bytes: Span<UInt8>, channels: Int) throws(ImageFault) -> Int {
  let header = try PNGHeader(bytes)
  let layout = try PNGLayout(colourType: header.colourType, bitDepth: header.bitDepth)
  let converted = layout.kept.count == channels ? 0 : channels
  // The chunks are copied twice: as they are found, and behind the new header.
  return 2 * bytes.count + header.width * header.height * (layout.bytesPerPixel + converted)
}

/// What the header chunk of a PNG file says.
private struct PNGHeader {
  let width: Int
  let height: Int
  let bitDepth: UInt8
  let colourType: UInt8
  /// The 13 bytes of the chunk's data.
  let data: [UInt8]

  /// The bytes of the signature and of the header chunk.
  static let fileSize = PNGFile.signature.count + 12 + 13

  /// Reads the header of a file that begins with the signature.
  init(_ bytes: Span<UInt8>) throws(ImageFault) {
    guard bytes.count >= Self.fileSize else { throw .damaged(reason: "it ends too early") }
    let start = PNGFile.signature.count
    let chunk = Array(copying: bytes.extracting(start..<Self.fileSize))
    guard PNGFile.word(chunk.span, at: 0) == 13, chunk[4..<8].elementsEqual("IHDR".utf8) else {
      throw .damaged(reason: "it has no header")
    }
    guard PNGFile.checksum(Array(chunk[4..<21])) == Array(chunk[21...]) else {
      throw .damaged(reason: "the checksum of its header is wrong")
    }
    let (width, height) = (PNGFile.word(chunk.span, at: 8), PNGFile.word(chunk.span, at: 12))
    try PixelImage.checkSize(width: width, height: height)
    self.width = width
    self.height = height
    self.data = Array(chunk[8..<21])
    self.bitDepth = chunk[16]
    self.colourType = chunk[17]
  }

  /// The bytes of the image before compression, at the least.
  var rawSize: Int {
    let channels = [2: 3, 4: 2, 6: 4][Int(colourType)] ?? 1
    return width * height * channels * Int(bitDepth) / 8
  }
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
  private let header: [UInt8]
  private let otherChunks: [UInt8]

  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The most bytes that one byte of compressed data becomes: 258 for every two bits.
  private static let expansionMax = 1032

  init(_ bytes: Span<UInt8>, header: PNGHeader) throws(ImageFault) {
    var position = PNGHeader.fileSize
    var others: [UInt8] = []
    others.reserveCapacity(bytes.count)
    var compressedSize = 0
    var isComplete = false
    while !isComplete {
      guard bytes.count - position >= 12 else { throw .damaged(reason: "it ends too early") }
      let size = Self.word(bytes, at: position)
      guard size <= bytes.count - position - 12 else {
        throw .damaged(reason: "it ends too early")
      }
      let chunk = bytes.extracting(position..<position + 12 + size)
      position += 12 + size
      let type = String(decoding: Array(copying: chunk.extracting(4..<8)), as: UTF8.self)
      if type == "IDAT" { compressedSize += size }
      // Ancillary chunks (lower-case) carry gamma, transparency and texts: not wanted.
      if chunk[4] & 0x20 == 0 {
        unsafe chunk.withUnsafeBufferPointer { unsafe others.append(contentsOf: $0) }
      }
      isComplete = type == "IEND"
    }
    // So that a few bytes do not make us ask for the memory of many pixels.
    guard header.rawSize <= compressedSize * Self.expansionMax else {
      throw .damaged(reason: "its data are too short for its size")
    }
    self.header = header.data
    self.otherChunks = others
  }

  /// The file without ancillary chunks, and with another colour type and depth in its header.
  func criticalChunks(colourType: UInt8, bitDepth: UInt8) -> [UInt8] {
    var header = header
    header[8] = bitDepth
    header[9] = colourType
    let chunk = Array("IHDR".utf8) + header
    return Self.signature + [0, 0, 0, 13] + chunk + Self.checksum(chunk) + otherChunks
  }

  /// The number of four bytes, most significant byte first.
  static func word(_ bytes: Span<UInt8>, at offset: Int) -> Int {
    (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
  }

  /// The CRC-32 of a chunk, most significant byte first.
  static func checksum(_ bytes: [UInt8]) -> [UInt8] {
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
