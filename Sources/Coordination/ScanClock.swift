/// When leases and sessions are looked through again, and whether the coordinator was away.
///
/// It asks to be told of the time once in each heartbeat interval; if it was told nothing for two
/// of them, it was suspended or kept from running since it was last told something.
package struct ScanClock: Sendable {
  private let heartbeatInterval: Duration
  /// When the coordinator was last told something.
  private var toldAt = Instant.start
  private var scanDeadline: Instant?

  /// Creates a clock that waits for nothing.
  package init(heartbeatInterval: Duration) {
    self.heartbeatInterval = heartbeatInterval
  }

  /// When the time is wanted next; with sessions, an absence must be told from their silence.
  package func deadline(hasSessions: Bool) -> Instant? {
    guard hasSessions else { return scanDeadline }
    let presence = toldAt + heartbeatInterval
    return min(scanDeadline ?? presence, presence)
  }

  /// Takes note of the time; returns how long the coordinator was away, if sessions have passed
  /// the time unseen, and has everything looked through then.
  package mutating func advance(to now: Instant, hasSessions: Bool) -> Duration? {
    defer { toldAt = now }
    let absence = now - toldAt
    guard absence > heartbeatInterval * 2, hasSessions else { return nil }
    scanDeadline = now
    return absence
  }

  /// Wants everything to be looked through at some time at the latest.
  package mutating func wantScan(at deadline: Instant) {
    scanDeadline = min(scanDeadline ?? deadline, deadline)
  }

  /// Whether everything must be looked through now; from here on only what is wanted anew counts.
  package mutating func takeScan(at now: Instant) -> Bool {
    guard let due = scanDeadline, due <= now else { return false }
    scanDeadline = nil
    return true
  }
}
