import ModelFiles

/// The largest image file that is read.
package let imageFileSizeMax = 256 << 20

/// Decodes a JPEG or PNG file, recognised by its first bytes whatever its name says.
package func decodedImage(_ bytes: Span<UInt8>) throws(ImageFault) -> PixelImage {
  let first = Array(copying: bytes.extracting(first: 8))
  if first.starts(with: [0xFF, 0xD8, 0xFF]) { return try decodedJPEG(bytes) }
  if first == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] { return try decodedPNG(bytes) }
  throw .unknownFormat(firstBytes: first)
}

/// Decodes an image file and prepares its pixels as the model expects them.
///
/// - Returns: `cropSize` × `cropSize` × `channels` values.
package func preparedPixels(_ bytes: Span<UInt8>, _ preprocessing: Preprocessing)
  throws(ImageFault) -> [UInt8]
{
  let image = try decodedImage(bytes).converted(toChannels: preprocessing.channels)
  return prepared(image, preprocessing)
}
