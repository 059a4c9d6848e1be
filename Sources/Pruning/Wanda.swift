import SparsityCore

/// Returns which weights Wanda keeps: in each group those of highest |w| · ‖x‖.
///
/// Sun et al., "A Simple and Effective Pruning Approach for Large Language Models",
/// arXiv 2306.11695. Weights are not changed.
///
/// - Complexity: O(weights · M).
package func wandaMask(
  weights: LayerMatrix, statistics: InputStatistics, pattern: NMPattern
) -> [Bool] {
  precondition(statistics.inputs == weights.inputs)
  let inputs = weights.inputs
  let norms = (0..<inputs).map { statistics.gram[$0 * inputs + $0].squareRoot() }
  var scores = weights.values
  for index in scores.indices { scores[index] = scores[index].magnitude * norms[index % inputs] }
  var mask = [Bool](repeating: false, count: scores.count)
  var marks = mask.mutableSpan
  highestInGroups(scores.span, inputs: inputs, pattern: pattern, into: &marks)
  return mask
}
