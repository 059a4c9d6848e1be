import ModelFiles

/// The largest image file that is read.
package let imageFileSizeMax = 256 << 20

/// Decodes a JPEG or PNG file, recognised by its first bytes whatever its name says.
package func decodedImage(_ bytes: Span<UInt8>) throws(ImageFault) -> PixelImage {
  switch try decodedFormat(bytes) {
  case .jpeg: try decodedJPEG(bytes)
  case .png: try decodedPNG(bytes)
  }
}

/// Decodes an image file and prepares its pixels as the model expects them.
///
/// - Returns: The values of the crop: (rows × columns × channels).
package func preparedPixels(_ bytes: Span<UInt8>, _ preprocessing: Preprocessing)
  throws(ImageFault) -> [UInt8]
{
  let image = try decodedImage(bytes).converted(toChannels: preprocessing.channels)
  return prepared(image, preprocessing)
}

/// Returns the most memory that decoding an image file takes, its own bytes included.
///
/// The file's header tells: nothing is decoded. What resampling needs beside is small.
///
/// - Parameter channels: The channels that the pixels are converted to.
package func decodingBytes(_ bytes: Span<UInt8>, channels: Int) throws(ImageFault) -> Int {
  let decoding =
    switch try decodedFormat(bytes) {
    case .jpeg: try jpegDecodingBytes(bytes, channels: channels)
    case .png: try pngDecodingBytes(bytes, channels: channels)
    }
  return bytes.count + decoding
}

/// The formats that are decoded.
private enum DecodedFormat {
  case jpeg, png
}

private func decodedFormat(_ bytes: Span<UInt8>) throws(ImageFault) -> DecodedFormat {
  let first = Array(copying: bytes.extracting(first: ImageFormat.prefixSize))
  switch ImageFormat(firstBytes: first) {
  case .jpeg: return .jpeg
  case .png: return .png
  default: throw .unknownFormat(firstBytes: first)
  }
}
