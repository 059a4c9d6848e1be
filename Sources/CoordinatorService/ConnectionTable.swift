import Coordination
import ZeroMQ

/// The connections to a coordinator: who has spoken, what of each has not been consumed yet, and
/// which of them have to end. It does no input or output and reads no clock.
///
/// libzmq takes in a message of any number of frames, and any number of connections. So bytes are
/// counted from outside: what the kernel has received of a connection, less what its messages came
/// to when they were consumed, lies in libzmq's memory (or in the kernel's, which is bounded). In
/// the other direction what was sent, less what the peer's kernel has acknowledged, does.
package struct ConnectionTable: Sendable {
  /// The sizes that nothing exceeds.
  package struct Bounds: Hashable, Sendable {
    /// The connections at once.
    package var countMax: Int
    /// The bytes of a connection that are not consumed: several of the largest messages.
    package var receivedBytesMax: UInt64 = 4 << 20
    /// The bytes of all connections that are not consumed.
    package var receivedBytesMaxOfAll: UInt64 = 64 << 20
    /// The bytes that a peer has not taken: twice what it may fetch at once.
    package var sentBytesMax: UInt64 = 16 << 20
    /// The bytes that all peers together have not taken: what may be under way to them, and more.
    package var sentBytesMaxOfAll: UInt64 = 96 << 20
    /// How long a connection may be silent from its beginning: longer than the handshake may take.
    package var silenceMax: Duration = .seconds(15)
    /// From the decision to end a connection to its end, so that the reason arrives.
    package var grace: Duration = .milliseconds(500)

    package init(countMax: Int) {
      precondition(countMax > 0)
      self.countMax = countMax
    }
  }

  /// A connection that has to end.
  package struct Ending: Hashable, Sendable {
    package let connection: Connection
    /// Why it ends.
    package let reason: ConnectionEndReason
    /// The key that its peer has shown, if anything came from it.
    package let key: String?
  }

  fileprivate struct Entry {
    let connection: Connection
    let openedAt: Instant
    var key: String?
    var hasSpoken = false
    /// The bytes that are known to be consumed.
    var consumedBytes: UInt64 = 0
    var sentBytes: UInt64 = 0
    /// The bytes received at the last look, and at the one before.
    var receivedBytes: UInt64 = 0
    var formerReceivedBytes: UInt64 = 0
    /// Whether something was consumed since the last look.
    var isHeard = false
    var endsAt: Instant?
    var isEnded = false
  }

  private let bounds: Bounds
  private var entries: [Int32: Entry] = [:]
  /// Whether no message waited at some time since the last look, and between the two before.
  private var wasDrained = false
  private var wasDrainedBefore = false

  /// Creates a table of no connections.
  package init(bounds: Bounds) {
    self.bounds = bounds
  }

  package var count: Int { entries.count }

  /// Whether there are too many connections.
  package var isCrowded: Bool { entries.count > bounds.countMax }

  /// Whether no further connection should be accepted: none would make room that is silent.
  ///
  /// - Complexity: O(*n*) for *n* connections.
  package var isFull: Bool {
    entries.values.count { $0.hasSpoken && !$0.isEnded } >= bounds.countMax
  }

  // MARK: What happens

  /// A connection was accepted.
  package mutating func open(_ connection: Connection, at now: Instant) {
    entries[connection.descriptor] = Entry(connection: connection, openedAt: now)
  }

  /// A connection is gone.
  package mutating func close(_ descriptor: Int32) {
    entries[descriptor] = nil
  }

  /// A message was consumed; returns whether it counts: nothing that comes by a connection that is
  /// about to end does.
  package mutating func hear(
    _ descriptor: Int32, key: String?, wireSize: Int
  ) -> Bool {
    // The last messages of a connection that is gone.
    guard var entry = entries[descriptor] else { return true }
    entry.key = key
    entry.hasSpoken = true
    entry.isHeard = true
    entry.consumedBytes += UInt64(max(0, wireSize))
    entries[descriptor] = entry
    return entry.endsAt == nil && !entry.isEnded
  }

  /// A message was sent.
  package mutating func send(_ descriptor: Int32, wireSize: Int) {
    guard let index = entries.index(forKey: descriptor) else { return }
    entries.values[index].sentBytes += UInt64(max(0, wireSize))
  }

  /// No message waits.
  package mutating func recordDrained() { wasDrained = true }

  /// The peer was told that it may not go on; its connection ends when it has heard that.
  package mutating func refuse(_ descriptor: Int32, at now: Instant) {
    guard let index = entries.index(forKey: descriptor) else { return }
    let endsAt = entries.values[index].endsAt ?? now + bounds.grace
    entries.values[index].endsAt = endsAt
  }

  /// Keys have lost their right: the connections of all others stay.
  package mutating func refuse(allBut isAllowed: (String?) -> Bool, at now: Instant) {
    for (descriptor, entry) in entries where entry.hasSpoken && !isAllowed(entry.key) {
      refuse(descriptor, at: now)
    }
  }

  // MARK: What has to end

  /// Returns the connections that have to end by now because they are silent, for too long or while
  /// there are too many, or were refused.
  ///
  /// - Complexity: O(*n*) for *n* connections, O(*n* log *n*) if there are too many.
  package mutating func takeEndings(at now: Instant) -> [Ending] {
    var endings: [Ending] = []
    var silent: [(connection: Connection, openedAt: Instant)] = []
    for entry in entries.values where !entry.isEnded {
      if let endsAt = entry.endsAt {
        if endsAt <= now { endings.append(Ending(entry, .refusal)) }
      } else if !entry.hasSpoken {
        if now - entry.openedAt >= bounds.silenceMax {
          endings.append(Ending(entry, .silence))
        } else {
          silent.append((entry.connection, entry.openedAt))
        }
      }
    }
    let excess = entries.values.count { !$0.isEnded } - endings.count - bounds.countMax
    if excess > 0 {
      // The oldest: an honest peer speaks as soon as its connection stands.
      silent.sort {
        ($0.openedAt, $0.connection.descriptor) < ($1.openedAt, $1.connection.descriptor)
      }
      endings += silent.prefix(excess).map {
        Ending(connection: $0.connection, reason: .silence, key: nil)
      }
    }
    for ending in endings { entries[ending.connection.descriptor]?.isEnded = true }
    return endings.sorted { $0.connection.descriptor < $1.connection.descriptor }
  }

  /// Looks at what the kernel has counted, and returns the connections that have to end by now
  /// because of what they hold in memory: the largest first, until the rest is within bounds.
  ///
  /// - Parameter traffic: the kernel's counts of a connection; `nil` if it is none any more.
  /// - Complexity: O(*n* log *n*) for *n* connections.
  package mutating func look(
    _ traffic: (Connection) -> Connection.Traffic?
  ) -> [Ending] {
    var received: [(descriptor: Int32, bytes: UInt64)] = []
    var sent: [(descriptor: Int32, bytes: UInt64)] = []
    for (descriptor, entry) in entries {
      guard let counts = traffic(entry.connection) else {
        entries[descriptor] = nil
        continue
      }
      var entry = entry
      // What was heard lately came after the socket was empty, hence after the look before that:
      // all that had come until then is consumed, heartbeats and handshake included.
      if entry.isHeard, wasDrainedBefore {
        entry.consumedBytes = max(entry.consumedBytes, entry.formerReceivedBytes)
      }
      entry.isHeard = false
      entry.formerReceivedBytes = entry.receivedBytes
      entry.receivedBytes = counts.receivedBytes
      entries[descriptor] = entry
      guard !entry.isEnded else { continue }
      received.append((descriptor, counts.receivedBytes.difference(entry.consumedBytes)))
      sent.append((descriptor, entry.sentBytes.difference(counts.acknowledgedBytes)))
    }
    wasDrainedBefore = wasDrained
    wasDrained = false
    let floods = Self.excess(
      of: received, each: bounds.receivedBytesMax, all: bounds.receivedBytesMaxOfAll)
    let unread = Self.excess(of: sent, each: bounds.sentBytesMax, all: bounds.sentBytesMaxOfAll)
    let reasons =
      floods.map { ($0, ConnectionEndReason.flood) }
      + unread.filter { !floods.contains($0) }.map { ($0, ConnectionEndReason.unread) }
    return reasons.compactMap { descriptor, reason in
      entries[descriptor]?.isEnded = true
      return entries[descriptor].map { Ending($0, reason) }
    }
  }

  /// Returns what has to go so that no size is over `each`, and the sum not over `all`.
  private static func excess(
    of sizes: [(descriptor: Int32, bytes: UInt64)], each: UInt64, all: UInt64
  ) -> [Int32] {
    var sum = sizes.reduce(0) { $0 + $1.bytes }
    guard sum > all || sizes.contains(where: { $0.bytes > each }) else { return [] }
    var excess: [Int32] = []
    for size in sizes.sorted(by: { ($1.bytes, $0.descriptor) < ($0.bytes, $1.descriptor) }) {
      guard size.bytes > each || sum > all else { break }
      excess.append(size.descriptor)
      sum -= size.bytes
    }
    return excess
  }
}

extension ConnectionTable.Ending {
  fileprivate init(_ entry: ConnectionTable.Entry, _ reason: ConnectionEndReason) {
    self.init(connection: entry.connection, reason: reason, key: entry.key)
  }
}

extension UInt64 {
  /// Returns what is more than `other`, or zero.
  fileprivate func difference(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}
