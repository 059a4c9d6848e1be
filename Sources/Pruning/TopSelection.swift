/// Selects the places of the largest values of a group, ties as PyTorch's `topk` decides them.
///
/// Half-precision checkpoints have equal magnitudes within a group, and which of them stays shows
/// in the logits. `topk` on a CPU is the quick-select of the GNU C++ library (`std::nth_element`):
/// the median of three as pivot, an unguarded partition, insertion sort for three or fewer.
struct TopSelection {
  /// A value and the place that it came from.
  private struct Entry {
    let value: Float
    let place: Int
  }

  private var entries: [Entry] = []

  /// Calls `body` with each place of the `count` largest values, in no particular order.
  ///
  /// - Precondition: no value is NaN.
  /// - Complexity: O(*n*²) at worst for *n* values, O(*n*) usually.
  mutating func forEachTop(
    _ count: Int, of size: Int, value: (Int) -> Float, _ body: (Int) -> Void
  ) {
    precondition(count >= 1)
    precondition(size >= 1)
    guard count < size else { return (0..<size).forEach(body) }
    entries.removeAll(keepingCapacity: true)
    for place in 0..<size { entries.append(Entry(value: value(place), place: place)) }
    select(nth: count - 1)
    for entry in entries.prefix(count) { body(entry.place) }
  }

  /// Moves the largest values to the front so that the one at `nth` is where sorting would put it.
  private mutating func select(nth: Int) {
    var first = 0
    var last = entries.count
    // The library changes its method after 2·log₂(n) unlucky pivots.
    var attempts = 2 * (Int.bitWidth - 1 - entries.count.leadingZeroBitCount)
    while last - first > 3 {
      guard attempts > 0 else { break }
      attempts -= 1
      let cut = partition(first, last)
      if cut <= nth { first = cut } else { last = cut }
    }
    sortByInsertion(first, last)
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    entries[left].value > entries[right].value
  }

  /// Parts first ..< last around the median of three and returns where the second part begins.
  private mutating func partition(_ first: Int, _ last: Int) -> Int {
    moveMedian(of: first + 1, first + (last - first) / 2, last - 1, to: first)
    var low = first + 1
    var high = last
    while true {
      while precedes(low, first) { low += 1 }
      high -= 1
      while precedes(first, high) { high -= 1 }
      guard low < high else { return low }
      entries.swapAt(low, high)
      low += 1
    }
  }

  private mutating func moveMedian(of a: Int, _ b: Int, _ c: Int, to result: Int) {
    let median =
      if precedes(a, b) {
        precedes(b, c) ? b : precedes(a, c) ? c : a
      } else {
        precedes(a, c) ? a : precedes(b, c) ? c : b
      }
    entries.swapAt(result, median)
  }

  /// Sorts first ..< last, equal values in the order they have.
  private mutating func sortByInsertion(_ first: Int, _ last: Int) {
    guard first < last else { return }
    for index in first + 1..<last {
      var place = index
      while place > first, precedes(place, place - 1) {
        entries.swapAt(place, place - 1)
        place -= 1
      }
    }
  }
}
