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
  var marks = mask.mutableSpan
  for row in stride(from: 0, to: weights.count, by: inputs) {
    for start in stride(from: row, to: row + inputs, by: pattern.groupSize) {
      let width = min(pattern.groupSize, row + inputs - start)
      markLargest(
        pattern.kept, of: weights.extracting(start..<start + width), in: &marks, from: start)
    }
  }
  return mask
}

/// Sets the marks, from `start` on, of the `kept` weights of a group with the largest magnitudes.
private func markLargest(
  _ kept: Int, of group: Span<Float>, in marks: inout MutableSpan<Bool>, from start: Int
) {
  // The rank of a weight is the number of weights that are kept before it. Comparisons are counted
  // rather than branched upon: their outcome is a coin toss.
  var ranks = InlineArray<16, Int>(repeating: 0)
  for later in 1..<group.count {
    let magnitude = abs(group[later])
    var losses = 0
    for earlier in 0..<later {
      let wins = magnitude > abs(group[earlier]) ? 1 : 0
      ranks[earlier] += wins
      losses += 1 - wins
    }
    ranks[later] = losses
  }
  for place in 0..<group.count { marks[start + place] = ranks[place] < kept }
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
  var values = pruned.mutableSpan
  for index in mask.indices { values[index] = mask[index] ? weights[index] : 0 }
  return pruned
}
