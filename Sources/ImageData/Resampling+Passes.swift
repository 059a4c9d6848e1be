import ModelFiles

extension Resampling {
  /// Half a unit of the result, so that the shift rounds.
  private static let half: Int32 = 1 << Int32(precisionBits - 1)

  /// The value of a sum of weighted values, clipped to 0…255.
  private static func clipped(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> Int32(precisionBits), 0), 255))
  }

  /// Returns some rows of an image, each resampled by one window a column.
  static func resampledRows(_ image: PixelImage, rows: Range<Int>, windows: [ResamplingWindow])
    -> PixelImage
  {
    switch image.channels {
    case 1: resampledGreyRows(image, rows: rows, windows: windows)
    default: resampledColourRows(image, rows: rows, windows: windows)
    }
  }

  private static func resampledGreyRows(
    _ image: PixelImage, rows: Range<Int>, windows: [ResamplingWindow]
  ) -> PixelImage {
    var pixels = [UInt8](repeating: 0, count: rows.count * windows.count)
    let values = image.pixels.span
    var output = 0
    for row in rows {
      let line = values.extracting(row * image.width..<(row + 1) * image.width)
      for window in windows {
        var sum = half
        for index in window.weights.indices {
          sum &+= Int32(line[window.start + index]) &* window.weights[index]
        }
        pixels[output] = clipped(sum)
        output += 1
      }
    }
    return PixelImage(width: windows.count, height: rows.count, channels: 1, pixels: pixels)
  }

  private static func resampledColourRows(
    _ image: PixelImage, rows: Range<Int>, windows: [ResamplingWindow]
  ) -> PixelImage {
    var pixels = [UInt8](repeating: 0, count: rows.count * windows.count * 3)
    let values = image.pixels.span
    let lineSize = image.width * 3
    var output = 0
    for row in rows {
      let line = values.extracting(row * lineSize..<(row + 1) * lineSize)
      for window in windows {
        var red = half
        var green = half
        var blue = half
        var position = window.start * 3
        for weight in window.weights {
          red &+= Int32(line[position]) &* weight
          green &+= Int32(line[position + 1]) &* weight
          blue &+= Int32(line[position + 2]) &* weight
          position += 3
        }
        pixels[output] = clipped(red)
        pixels[output + 1] = clipped(green)
        pixels[output + 2] = clipped(blue)
        output += 3
      }
    }
    return PixelImage(width: windows.count, height: rows.count, channels: 3, pixels: pixels)
  }

  /// Returns an image whose rows are resampled by one window a row; the windows count rows of the
  /// whole image, of which `image` begins with `firstRow`.
  static func resampledColumns(_ image: PixelImage, firstRow: Int, windows: [ResamplingWindow])
    -> PixelImage
  {
    let lineSize = image.width * image.channels
    var pixels = [UInt8](repeating: 0, count: windows.count * lineSize)
    var sums = [Int32](repeating: 0, count: lineSize)
    let values = image.pixels.span
    for (row, window) in windows.enumerated() {
      for index in sums.indices { sums[index] = half }
      for (offset, weight) in window.weights.enumerated() {
        let start = (window.start + offset - firstRow) * lineSize
        let line = values.extracting(start..<start + lineSize)
        for index in sums.indices { sums[index] &+= Int32(line[index]) &* weight }
      }
      for index in sums.indices { pixels[row * lineSize + index] = clipped(sums[index]) }
    }
    return PixelImage(
      width: image.width, height: windows.count, channels: image.channels, pixels: pixels)
  }
}
