/// A priority queue that gives the least element first.
package struct MinimumHeap<Element: Comparable & Sendable>: Sendable {
  @usableFromInline var elements: [Element] = []

  /// Creates an empty queue.
  @inlinable package init() {}

  /// The number of elements.
  @inlinable package var count: Int { elements.count }

  /// Whether there is no element.
  @inlinable package var isEmpty: Bool { elements.isEmpty }

  /// The least element.
  @inlinable package var minimum: Element? { elements.first }

  /// All elements, in no useful order.
  @inlinable package var unordered: [Element] { elements }

  /// Adds an element.
  ///
  /// - Complexity: O(log *n*).
  @inlinable package mutating func insert(_ element: Element) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard elements[child] < elements[parent] else { return }
      elements.swapAt(child, parent)
      child = parent
    }
  }

  /// Removes and returns the least element.
  ///
  /// - Complexity: O(log *n*).
  @inlinable package mutating func popMinimum() -> Element? {
    guard let last = elements.popLast() else { return nil }
    guard let minimum = elements.first else { return last }
    elements[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < elements.count {
        if elements[child] < elements[least] { least = child }
      }
      guard least != parent else { return minimum }
      elements.swapAt(parent, least)
      parent = least
    }
  }
}
