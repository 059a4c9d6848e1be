/// A decoded image: rows from the top, channels of a pixel side by side.
package struct PixelImage: Equatable, Sendable {
  /// The pixels of a row.
  package let width: Int
  /// The rows.
  package let height: Int
  /// The channels of a pixel: 1 (grey) or 3 (red, green, blue).
  package let channels: Int
  /// The values, `height` × `width` × `channels`.
  package let pixels: [UInt8]

  /// The most pixels that are decoded, as many as Pillow decodes without a warning.
  package static let pixelsMax = 89_478_485

  /// Creates an image of values.
  package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width > 0)
    precondition(height > 0)
    precondition(channels == 1 || channels == 3)
    precondition(pixels.count == width * height * channels)
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Throws unless an image of this size may be decoded.
  static func checkSize(width: Int, height: Int) throws(ImageFault) {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0 else {
      throw .damaged(reason: "its size is \(width)×\(height)")
    }
    guard !overflow, count <= pixelsMax else {
      throw .tooManyPixels(width: width, height: height, pixelsMax: pixelsMax)
    }
  }

  /// Returns the image with 1 or 3 channels, converted as Pillow does.
  ///
  /// Grey is (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶, the luma of ITU-R BT.601 in fixed point.
  package func converted(toChannels target: Int) -> PixelImage {
    precondition(target == 1 || target == 3)
    if channels == target { return self }
    var converted = [UInt8](repeating: 0, count: width * height * target)
    if target == 3 {
      for index in pixels.indices {
        converted[3 * index] = pixels[index]
        converted[3 * index + 1] = pixels[index]
        converted[3 * index + 2] = pixels[index]
      }
    } else {
      for index in converted.indices {
        let red = UInt32(pixels[3 * index])
        let green = UInt32(pixels[3 * index + 1])
        let blue = UInt32(pixels[3 * index + 2])
        converted[index] = UInt8((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16)
      }
    }
    return PixelImage(width: width, height: height, channels: target, pixels: converted)
  }
}
