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
    precondition(rows.lowerBound >= 0 && rows.upperBound <= image.height)
    // The loops below do not check bounds again.
    precondition(windows.allSatisfy { $0.start >= 0 && $0.end <= image.width })
    var pixels = [UInt8](repeating: 0, count: rows.count * windows.count * image.channels)
    let lineSize = image.width * image.channels
    let values = image.pixels.span
    var output = pixels.mutableSpan
    var position = 0
    for row in rows {
      let line = values.extracting(row * lineSize..<(row + 1) * lineSize)
      for window in windows {
        if image.channels == 1 {
          output[position] = greyValue(line, window)
        } else {
          let sum = colourSum(line, window)
          output[position] = clipped(sum.red)
          output[position + 1] = clipped(sum.green)
          output[position + 2] = clipped(sum.blue)
        }
        position += image.channels
      }
    }
    return PixelImage(
      width: windows.count, height: rows.count, channels: image.channels, pixels: pixels)
  }

  @inline(__always)
  private static func greyValue(_ line: Span<UInt8>, _ window: ResamplingWindow) -> UInt8 {
    let weights = window.weights.span
    var sum = half
    for index in weights.indices {
      sum &+= unsafe Int32(line[unchecked: window.start + index]) &* weights[unchecked: index]
    }
    return clipped(sum)
  }

  @inline(__always)
  private static func colourSum(_ line: Span<UInt8>, _ window: ResamplingWindow)
    -> (red: Int32, green: Int32, blue: Int32)
  {
    let weights = window.weights.span
    var (red, green, blue) = (half, half, half)
    var position = window.start * 3
    for index in weights.indices {
      let weight = unsafe weights[unchecked: index]
      unsafe red &+= Int32(line[unchecked: position]) &* weight
      unsafe green &+= Int32(line[unchecked: position + 1]) &* weight
      unsafe blue &+= Int32(line[unchecked: position + 2]) &* weight
      position += 3
    }
    return (red, green, blue)
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
    var output = pixels.mutableSpan
    for (row, window) in windows.enumerated() {
      var sums = sums.mutableSpan
      for index in 0..<lineSize { sums[index] = half }
      for (offset, weight) in window.weights.enumerated() {
        let start = (window.start + offset - firstRow) * lineSize
        add(values.extracting(start..<start + lineSize), times: weight, to: &sums)
      }
      for index in 0..<lineSize { output[row * lineSize + index] = clipped(sums[index]) }
    }
    return PixelImage(
      width: image.width, height: windows.count, channels: image.channels, pixels: pixels)
  }

  /// Adds the weighted values of a line to the sums.
  private static func add(
    _ line: Span<UInt8>, times weight: Int32, to sums: inout MutableSpan<Int32>
  ) {
    precondition(line.count == sums.count)
    for index in line.indices {
      unsafe sums[unchecked: index] &+= Int32(line[unchecked: index]) &* weight
    }
  }
}
