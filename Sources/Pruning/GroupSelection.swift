import SparsityCore

/// Marks the N highest scores of each group of a row-major matrix; the earlier of equals stays.
///
/// - Complexity: O(scores · M).
func highestInGroups<Score: BinaryFloatingPoint & BitwiseCopyable>(
  _ scores: Span<Score>, inputs: Int, pattern: NMPattern, into mask: inout MutableSpan<Bool>
) {
  precondition(scores.count == mask.count)
  precondition(scores.count.isMultiple(of: inputs))
  for row in stride(from: 0, to: scores.count, by: inputs) {
    for start in stride(from: row, to: row + inputs, by: pattern.groupSize) {
      let end = min(start + pattern.groupSize, row + inputs)
      for place in start..<end {
        var rank = 0
        for other in start..<end where other != place {
          let wins = scores[other] > scores[place]
          let isEarlierEqual = scores[other] == scores[place] && other < place
          rank += wins || isEarlierEqual ? 1 : 0
        }
        mask[place] = rank < pattern.kept
      }
    }
  }
}
