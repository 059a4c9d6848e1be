import SparsityCore
import VisionTransformers

/// Zeroes all but the largest magnitudes of each group of a row, as PyTorch does.
func prunedByDefinition(_ parameters: LinearParameters, _ pattern: NMPattern) -> [Float] {
  var result = parameters.weights
  for row in 0..<parameters.outputs {
    for start in stride(from: 0, to: parameters.inputs, by: pattern.groupSize) {
      let group = (start..<min(start + pattern.groupSize, parameters.inputs)).map {
        row * parameters.inputs + $0
      }
      let kept = largest(min(pattern.kept, group.count), of: group.map { abs(result[$0]) })
      for (place, index) in group.enumerated() where !kept.contains(place) { result[index] = 0 }
    }
  }
  return result
}

/// The places that PyTorch's `topk` keeps of a group of magnitudes.
///
/// Among equal magnitudes it keeps those that C++'s `nth_element` happens to leave in front, in the
/// GNU implementation: partition around a median of three until three are left, then sort. The
/// golden logits depend on it, because weights in fp16 are often equal.
func largest(_ keep: Int, of magnitudes: [Float]) -> Set<Int> {
  var order = magnitudes.indices.map { (magnitude: magnitudes[$0], place: $0) }
  func precedes(_ a: Int, _ b: Int) -> Bool { order[a].magnitude > order[b].magnitude }
  var (first, last) = (0, order.count)
  while last - first > 3 {
    let (a, b, c) = (first + 1, first + (last - first) / 2, last - 1)
    let median =
      precedes(a, b)
      ? (precedes(b, c) ? b : precedes(a, c) ? c : a)
      : (precedes(a, c) ? a : precedes(b, c) ? c : b)
    order.swapAt(first, median)
    var (low, high) = (first + 1, last)
    while true {
      while precedes(low, first) { low += 1 }
      high -= 1
      while precedes(first, high) { high -= 1 }
      guard low < high else { break }
      order.swapAt(low, high)
      low += 1
    }
    if low < keep { first = low } else { last = low }
  }
  // The sort of the standard library is stable, as the insertion sort is.
  order[first..<last].sort { $0.magnitude > $1.magnitude }
  return Set(order.prefix(keep).map(\.place))
}
