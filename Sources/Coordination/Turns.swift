/// A queue whose first element leaves in constant time on average.
struct Turns<Element: Hashable & Sendable>: Sendable {
  private var storage: [Element] = []
  private var start = 0

  /// Creates an empty queue.
  init() {}

  /// The number of elements.
  var count: Int { storage.count - start }
  /// Whether nobody waits.
  var isEmpty: Bool { count == 0 }
  /// The elements in their order.
  var elements: ArraySlice<Element> { storage[start...] }

  /// Adds an element at the end.
  mutating func append(_ element: Element) { storage.append(element) }

  /// Keeps the first of equal elements, and of those the ones that `isKept`.
  ///
  /// - Complexity: O(*n*).
  mutating func compact(_ isKept: (Element) -> Bool) {
    var seen: Set<Element> = []
    storage = elements.filter { isKept($0) && seen.insert($0).inserted }
    start = 0
  }

  /// Removes and returns the first element, or returns `nil`.
  mutating func popFirst() -> Element? {
    guard start < storage.count else { return nil }
    defer {
      start += 1
      if start == storage.count || start > 256 && start * 2 > storage.count {
        storage.removeFirst(start)
        start = 0
      }
    }
    return storage[start]
  }
}
