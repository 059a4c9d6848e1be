import WireProtocol

/// The addresses of peers that are no workers and no operators; each is told once.
package struct UnknownPeers: Sendable {
  /// The addresses that are kept and told; more are only counted elsewhere.
  package static let countMax = 100

  private struct Entry: Sendable {
    var reason: String
    var count = 0
    var at: Instant
  }

  private var entries: [String: Entry] = [:]

  /// Creates an empty collection.
  package init() {}

  /// Counts a peer that was turned away; returns whether it is new, so that users hear of it.
  package mutating func add(_ address: String, reason: String, at now: Instant) -> Bool {
    let isNew = entries[address] == nil
    guard !isNew || entries.count < Self.countMax else { return false }
    entries[address, default: Entry(reason: reason, at: now)].count += 1
    entries[address]?.reason = reason
    entries[address]?.at = now
    return isNew
  }

  /// Returns those that came last, the latest at the end.
  ///
  /// - Complexity: O(*n* log *n*) for *n* addresses.
  package func latest(_ countMax: Int, at now: Instant) -> [UnknownPeer] {
    let sorted = entries.sorted { ($0.value.at, $0.key) < ($1.value.at, $1.key) }
    return sorted.suffix(countMax).map { address, entry in
      UnknownPeer(
        address: address, diagnostic: entry.reason, count: entry.count,
        millisecondsAgo: max(0, Int((now - entry.at) / .milliseconds(1))))
    }
  }
}
