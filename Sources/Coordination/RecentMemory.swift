/// A dictionary that forgets its oldest entry when it is full.
package struct RecentMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// The entries that are kept.
  package let countMax: Int
  private var values: [Key: Value] = [:]
  private var order: [Key] = []
  private var start = 0

  /// Creates an empty memory.
  package init(countMax: Int = 10_000) {
    precondition(countMax > 0)
    self.countMax = countMax
  }

  /// The number of entries.
  package var count: Int { values.count }

  /// The value of a key.
  package subscript(key: Key) -> Value? { values[key] }

  /// Sets the value of a key and returns the former one.
  @discardableResult
  package mutating func set(_ value: Value, for key: Key) -> Value? {
    let old = values.updateValue(value, forKey: key)
    guard old == nil else { return old }
    order.append(key)
    while values.count > countMax, start < order.count {
      values[order[start]] = nil
      start += 1
    }
    compact()
    return nil
  }

  /// Removes and returns the value of a key.
  ///
  /// - Complexity: O(*n*).
  @discardableResult
  package mutating func remove(_ key: Key) -> Value? {
    guard let value = values.removeValue(forKey: key) else { return nil }
    order.removeFirst(start)
    start = 0
    order.removeAll { $0 == key }
    return value
  }

  private mutating func compact() {
    guard start > countMax else { return }
    order.removeFirst(start)
    start = 0
  }
}
