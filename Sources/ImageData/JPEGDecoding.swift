import CTurboJPEG

/// The image of a JPEG file, decoded as Pillow does: accurate IDCT, smooth upsampling.
///
/// EXIF orientation is not applied, as in torchvision's loader. Damage that libjpeg would only
/// warn of (a premature end, bad codes) is a fault; harmless extra bytes are not.
func decodedJPEG(_ bytes: Span<UInt8>) throws(ImageFault) -> PixelImage {
  let decoder = try JPEGDecoder()
  let header = try decoder.header(bytes)
  try PixelImage.checkSize(width: header.width, height: header.height)
  if let frame = JPEGFrame(bytes), frame.codedSizeMin > bytes.count {
    // So that a few bytes do not make us ask for the memory of many pixels.
    throw .damaged(reason: "its data are too short for its size")
  }
  switch header.colourSpace {
  case TJCS_GRAY:
    return PixelImage(
      width: header.width, height: header.height, channels: 1,
      pixels: try decoder.pixels(bytes, header, format: TJPF_GRAY, channels: 1))
  case TJCS_RGB, TJCS_YCbCr:
    return PixelImage(
      width: header.width, height: header.height, channels: 3,
      pixels: try decoder.pixels(bytes, header, format: TJPF_RGB, channels: 3))
  case TJCS_CMYK, TJCS_YCCK:
    var inks = try decoder.pixels(bytes, header, format: TJPF_CMYK, channels: 4)
    convertToColours(&inks)
    return PixelImage(width: header.width, height: header.height, channels: 3, pixels: inks)
  default:
    throw .damaged(reason: "its colour space is unknown")
  }
}

/// Replaces inverted cyan, magenta, yellow and black by red, green and blue, as Pillow does.
private func convertToColours(_ inks: inout [UInt8]) {
  let count = inks.count / 4
  for pixel in 0..<count {
    // Files hold the inks inverted (Adobe's convention): this is 255 − black.
    let light = Int(inks[4 * pixel + 3])
    for channel in 0..<3 {
      let product = (255 - Int(inks[4 * pixel + channel])) * light + 128
      // In place: of the pixels to come, none is overwritten.
      inks[3 * pixel + channel] = UInt8(light - (product >> 8 + product) >> 8)
    }
  }
  inks.removeLast(count)
}

/// What a JPEG file says about its image.
private struct JPEGHeader {
  let width: Int
  let height: Int
  let colourSpace: TJCS
}

/// One TurboJPEG decompressor, destroyed at the end of its life.
@safe
private struct JPEGDecoder: ~Copyable {
  private let handle: tjhandle

  init() throws(ImageFault) {
    guard let handle = unsafe tjInitDecompress() else {
      throw .unreadable(reason: "the JPEG decoder cannot be created")
    }
    unsafe self.handle = handle
  }

  deinit { _ = unsafe tjDestroy(handle) }

  /// Reads size and colour space.
  func header(_ bytes: Span<UInt8>) throws(ImageFault) -> JPEGHeader {
    var width: Int32 = 0
    var height: Int32 = 0
    var subsampling: Int32 = -1
    var colourSpace: Int32 = -1
    let status = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe tjDecompressHeader3(
        handle, buffer.baseAddress, UInt(buffer.count), &width, &height, &subsampling,
        &colourSpace)
    }
    // The status does not help: unusual subsampling is a failure although such images can be
    // decoded, and a file of tables without an image is a success.
    guard width > 0, height > 0, colourSpace >= 0 else {
      throw .damaged(reason: status == 0 ? "it holds no image" : message)
    }
    return JPEGHeader(
      width: Int(width), height: Int(height), colourSpace: TJCS(UInt32(colourSpace)))
  }

  /// Decodes the pixels in a format with this number of channels.
  func pixels(_ bytes: Span<UInt8>, _ header: JPEGHeader, format: TJPF, channels: Int)
    throws(ImageFault) -> [UInt8]
  {
    var pixels = [UInt8](repeating: 0, count: header.width * header.height * channels)
    let flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS
    let status = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe pixels.withUnsafeMutableBufferPointer { pixels in
        unsafe tjDecompress2(
          handle, buffer.baseAddress, UInt(buffer.count), pixels.baseAddress,
          Int32(header.width), Int32(header.width * channels), Int32(header.height),
          Int32(format.rawValue), flags)
      }
    }
    guard status == 0 || (isHarmless(message) && hasEnd(bytes)) else {
      throw .damaged(reason: message)
    }
    return pixels
  }

  /// The decoder's diagnostic about its last failure, or its first warning if nothing failed.
  private var message: String {
    guard let text = unsafe tjGetErrorStr2(handle) else { return "no reason is given" }
    return unsafe String(cString: text)
  }

  /// Whether the words are those of a warning that leaves the pixels as they should be.
  ///
  /// The decoder's error code does not tell: after a warning it stays "warning" for a failure too.
  private func isHarmless(_ message: String) -> Bool {
    let harmless = [
      "extraneous bytes before marker", "Unknown Adobe color transform", "unknown JFIF revision",
      "Invalid SOS parameters for sequential JPEG",
    ]
    return harmless.contains { message.contains($0) }
  }

  /// Whether an end-of-image marker follows the last scan; only the first warning has words, so
  /// one about a premature end may stay unsaid.
  private func hasEnd(_ bytes: Span<UInt8>) -> Bool {
    for index in stride(from: bytes.count - 2, through: 0, by: -1) where bytes[index] == 0xFF {
      if bytes[index + 1] == 0xD9 { return true }
      if bytes[index + 1] == 0xDA { return false }
    }
    return false
  }
}
