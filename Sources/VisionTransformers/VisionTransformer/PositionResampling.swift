import NetworkArchitectures

/// Resamples a map of numbers as PyTorch's `interpolate(mode="bicubic", antialias=True)` does:
/// cubic convolution with a = −0.5, widened where the map shrinks, columns before rows.
///
/// - Parameter map: (rows × columns × width), as positions of patches are.
/// - Returns: The values of the new grid: (rows × columns × width).
/// - Complexity: O(new cells · taps · width).
func resampled(_ map: [Float], from old: GridSize, to new: GridSize, width: Int) -> [Float] {
  precondition(map.count == old.count * width)
  let columns = resamplingTaps(from: old.width, to: new.width)
  let rows = resamplingTaps(from: old.height, to: new.height)
  var narrowed = [Float](repeating: 0, count: old.height * new.width * width)
  for row in 0..<old.height {
    for (column, taps) in columns.enumerated() {
      for (offset, weight) in taps.weights.enumerated() {
        let source = (row * old.width + taps.first + offset) * width
        let target = (row * new.width + column) * width
        for index in 0..<width { narrowed[target + index] += weight * map[source + index] }
      }
    }
  }
  var result = [Float](repeating: 0, count: new.count * width)
  for (row, taps) in rows.enumerated() {
    for (offset, weight) in taps.weights.enumerated() {
      let source = (taps.first + offset) * new.width * width
      let target = row * new.width * width
      for index in 0..<new.width * width {
        result[target + index] += weight * narrowed[source + index]
      }
    }
  }
  return result
}

/// The neighbours of one new place and their weights, which add up to one.
private struct ResamplingTaps {
  let first: Int
  let weights: [Float]
}

private func resamplingTaps(from old: Int, to new: Int) -> [ResamplingTaps] {
  let scale = Float(old) / Float(new)
  let widening = max(scale, 1)
  let support = 2 * widening
  return (0..<new).map { place in
    let center = scale * (Float(place) + 0.5)
    let first = max(Int(center - support + 0.5), 0)
    let end = min(Int(center + support + 0.5), old)
    let weights = (first..<end).map { cubicWeight((Float($0) - center + 0.5) / widening) }
    let sum = weights.reduce(0, +)
    return ResamplingTaps(first: first, weights: weights.map { $0 / sum })
  }
}

/// The kernel of cubic convolution with a = −0.5 (Keys 1981).
private func cubicWeight(_ distance: Float) -> Float {
  let x = abs(distance)
  if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
  if x < 2 { return ((-0.5 * x + 2.5) * x - 4) * x + 2 }
  return 0
}

extension TransformerShape {
  /// Brings positions of another square grid to the shape's, as timm's `resample_abs_pos_embed`
  /// does.
  ///
  /// - Returns: The positions and the grid they had; `nil` if they have the shape's count, or
  ///   belong to no square.
  func resampledPositions(_ found: Tensor) -> (positions: Tensor, old: GridSize)? {
    let fixed = features.positions == .all ? extraTokens : 0
    guard positionedTokens > 0, found.shape.count == 3, found.shape[0] == 1,
      found.shape[2] == width, found.shape[1] != positionedTokens, found.shape[1] > fixed
    else { return nil }
    let count = found.shape[1] - fixed
    let side = Int(Double(count).squareRoot().rounded())
    guard side * side == count else { return nil }
    let old = GridSize(side: side)
    let values =
      found.values[..<(fixed * width)]
      + resampled(
        Array(found.values[(fixed * width)...]), from: old, to: grid, width: width)
    return (Tensor(shape: [1, positionedTokens, width], values: Array(values)), old)
  }
}
