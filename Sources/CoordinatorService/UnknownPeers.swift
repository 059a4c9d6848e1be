/// The addresses of peers that are no workers and no operators; each is told once.
package struct UnknownPeers {
  /// The addresses that are kept and told; more are only counted elsewhere.
  package static let countMax = 100

  /// How often each address was turned away.
  package private(set) var counts: [String: Int] = [:]

  /// Creates an empty collection.
  package init() {}

  /// Counts a peer that was turned away; returns whether it is new, so that people hear of it.
  package mutating func add(_ address: String) -> Bool {
    let count = counts[address] ?? 0
    guard count > 0 || counts.count < Self.countMax else { return false }
    counts[address] = count + 1
    return count == 0
  }
}
