import ModelFiles

/// The weights of the inputs that make one output of a resampled line.
package struct ResamplingWindow: Equatable, Sendable {
  /// The first input.
  package let start: Int
  /// One weight for each input from `start`, in units of 2⁻²².
  package let weights: [Int32]

  /// The input after the last.
  var end: Int { start + weights.count }
}

/// Resampling with antialiasing as Pillow does it for 8-bit images, equal to the last bit.
///
/// Each direction is a filter whose support grows with the reduction; the weights of an output are
/// normalised in fp64, rounded to 22 bits after the point, and the sum is rounded and clipped.
package enum Resampling {
  /// The bits after the point of a weight: 8 bits of a value and 2 for overshoot stay free.
  static let precisionBits = 32 - 8 - 2

  /// Returns the windows of `outputs`, of a line that goes from `inputCount` to `outputCount`.
  package static func windows(
    inputCount: Int, outputCount: Int, outputs: Range<Int>, interpolation: Interpolation
  ) -> [ResamplingWindow] {
    let scale = Double(inputCount) / Double(outputCount)
    let filterScale = max(scale, 1)
    let support = interpolation.support * filterScale
    return outputs.map { output in
      let centre = (Double(output) + 0.5) * scale
      let start = max(Int(centre - support + 0.5), 0)
      let end = min(Int(centre + support + 0.5), inputCount)
      var weights = (start..<end).map { input in
        interpolation.weight(at: (Double(input) - centre + 0.5) * (1 / filterScale))
      }
      var sum = 0.0
      for weight in weights { sum += weight }
      if sum != 0 { weights = weights.map { $0 / sum } }
      return ResamplingWindow(start: start, weights: weights.map(fixedPoint))
    }
  }

  /// Rounds half away from zero.
  private static func fixedPoint(_ weight: Double) -> Int32 {
    let scaled = weight * Double(1 << precisionBits)
    return Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
  }

  /// Returns part of the image resized to `width` × `height`: these columns and rows of it.
  ///
  /// Outputs do not depend on each other, so the rest need not be computed. A direction whose size
  /// does not change is copied.
  ///
  /// - Complexity: O(*n* · *k*), where *n* is the number of values computed in both passes and *k*
  ///   the size of a window.
  package static func resized(
    _ image: PixelImage, width: Int, height: Int, columns: Range<Int>, rows: Range<Int>,
    interpolation: Interpolation
  ) -> PixelImage {
    precondition(columns.lowerBound >= 0 && columns.upperBound <= width)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= height)
    precondition(!columns.isEmpty)
    precondition(!rows.isEmpty)
    let rowWindows =
      image.height == height
      ? nil
      : windows(
        inputCount: image.height, outputCount: height, outputs: rows, interpolation: interpolation)
    let neededRows = rowWindows.map(inputRange) ?? rows
    let narrowed: PixelImage
    if image.width == width {
      narrowed = cropped(image, columns: columns, rows: neededRows)
    } else {
      let columnWindows = windows(
        inputCount: image.width, outputCount: width, outputs: columns,
        interpolation: interpolation)
      narrowed = resampledRows(image, rows: neededRows, windows: columnWindows)
    }
    guard let rowWindows else { return narrowed }
    return resampledColumns(narrowed, firstRow: neededRows.lowerBound, windows: rowWindows)
  }

  /// The inputs that any of the windows uses.
  private static func inputRange(_ windows: [ResamplingWindow]) -> Range<Int> {
    let start = windows.map(\.start).min() ?? 0
    let end = windows.map(\.end).max() ?? 0
    return start..<end
  }

  /// Returns columns and rows of an image as they are.
  package static func cropped(_ image: PixelImage, columns: Range<Int>, rows: Range<Int>)
    -> PixelImage
  {
    precondition(columns.lowerBound >= 0 && columns.upperBound <= image.width)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= image.height)
    if columns.count == image.width, rows.count == image.height { return image }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(rows.count * columns.count * image.channels)
    for row in rows {
      let start = (row * image.width + columns.lowerBound) * image.channels
      pixels += image.pixels[start..<start + columns.count * image.channels]
    }
    return PixelImage(
      width: columns.count, height: rows.count, channels: image.channels, pixels: pixels)
  }
}

extension Interpolation {
  /// The half width of the filter, in outputs of an enlargement.
  fileprivate var support: Double {
    switch self {
    case .bicubic: 2
    case .bilinear: 1
    }
  }

  /// The filter's value at a distance from its centre.
  fileprivate func weight(at distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    case .bilinear:
      return x < 1 ? 1 - x : 0
    }
  }
}
