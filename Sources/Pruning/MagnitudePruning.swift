import SparsityCore

/// Returns which of row-major `outputs` × `inputs` weights a pattern keeps by magnitude.
///
/// A group keeps the N largest absolute values; which of equals stay is as in PyTorch's `topk`. A
/// last, partial group of r inputs keeps min(N, r).
///
/// - Precondition: `weights` has `outputs` · `inputs` values, none of them NaN.
/// - Complexity: O(`outputs` · `inputs` · M).
package func magnitudeMask(
  weights: Span<Float>, outputs: Int, inputs: Int, pattern: NMPattern
) -> [Bool] {
  precondition(outputs > 0 && inputs > 0)
  precondition(weights.count == outputs * inputs)
  var mask = [Bool](repeating: false, count: weights.count)
  var marks = mask.mutableSpan
  var selection = TopSelection()
  for row in stride(from: 0, to: weights.count, by: inputs) {
    for start in stride(from: row, to: row + inputs, by: pattern.groupSize) {
      let width = min(pattern.groupSize, row + inputs - start)
      let group = weights.extracting(start..<start + width)
      guard !markLargest(pattern.kept, of: group, in: &marks, from: start) else { continue }
      for place in 0..<width { marks[start + place] = false }
      selection.forEachTop(pattern.kept, of: width, value: { abs(weights[start + $0]) }) {
        marks[start + $0] = true
      }
    }
  }
  return mask
}

/// Sets the marks, from `start` on, of the `kept` weights of a group with the largest magnitudes.
///
/// Returns `false` if a kept and a dropped weight are equal, so that the choice is not unique.
private func markLargest(
  _ kept: Int, of group: Span<Float>, in marks: inout MutableSpan<Bool>, from start: Int
) -> Bool {
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
  var smallestKept = Float.infinity
  var largestDropped = -Float.infinity
  for place in 0..<group.count {
    let isKept = ranks[place] < kept
    marks[start + place] = isKept
    smallestKept = isKept ? min(smallestKept, abs(group[place])) : smallestKept
    largestDropped = isKept ? largestDropped : max(largestDropped, abs(group[place]))
  }
  return smallestKept > largestDropped
}

/// Returns row-major `outputs` × `inputs` weights with those that a pattern drops set to zero.
///
/// - Precondition: as for ``magnitudeMask(weights:outputs:inputs:pattern:)``.
/// - Complexity: O(`outputs` · `inputs` · M).
package func magnitudePruned(
  weights: Span<Float>, outputs: Int, inputs: Int, pattern: NMPattern
) -> [Float] {
  let mask = magnitudeMask(weights: weights, outputs: outputs, inputs: inputs, pattern: pattern)
  var pruned = [Float](repeating: 0, count: weights.count)
  var values = pruned.mutableSpan
  for index in mask.indices { values[index] = mask[index] ? weights[index] : 0 }
  return pruned
}
