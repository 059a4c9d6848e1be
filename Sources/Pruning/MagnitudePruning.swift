import SparsityCore

/// Returns which of row-major `outputs` × `inputs` weights a pattern keeps by magnitude.
///
/// A group keeps the N largest absolute values; of equals the one with the lower index. A last,
/// partial group of r inputs keeps min(N, r).
///
/// - Precondition: `weights` has `outputs` · `inputs` values, none of them NaN.
/// - Complexity: O(`outputs` · `inputs` · M).
public func magnitudeMask(
  weights: Span<Float>, outputs: Int, inputs: Int, pattern: NMPattern
) -> [Bool] {
  precondition(outputs > 0 && inputs > 0)
  precondition(weights.count == outputs * inputs)
  var mask = [Bool](repeating: false, count: weights.count)
  // The rank of a weight is the number of weights that are kept before it.
  var ranks = [Int](repeating: 0, count: pattern.groupSize)
  for row in stride(from: 0, to: weights.count, by: inputs) {
    for start in stride(from: row, to: row + inputs, by: pattern.groupSize) {
      let width = min(pattern.groupSize, row + inputs - start)
      for place in 0..<width { ranks[place] = 0 }
      for later in 1..<width {
        let magnitude = abs(weights[start + later])
        for earlier in 0..<later {
          if magnitude > abs(weights[start + earlier]) {
            ranks[earlier] += 1
          } else {
            ranks[later] += 1
          }
        }
      }
      for place in 0..<width { mask[start + place] = ranks[place] < pattern.kept }
    }
  }
  return mask
}

/// Returns row-major `outputs` × `inputs` weights with those that a pattern drops set to zero.
///
/// - Precondition: as for ``magnitudeMask(weights:outputs:inputs:pattern:)``.
/// - Complexity: O(`outputs` · `inputs` · M).
public func magnitudePruned(
  weights: Span<Float>, outputs: Int, inputs: Int, pattern: NMPattern
) -> [Float] {
  let mask = magnitudeMask(weights: weights, outputs: outputs, inputs: inputs, pattern: pattern)
  var pruned = [Float](repeating: 0, count: weights.count)
  for index in mask.indices where mask[index] { pruned[index] = weights[index] }
  return pruned
}
