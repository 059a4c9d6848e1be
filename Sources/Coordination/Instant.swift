/// A point on a monotonic clock, counted from the start of the process.
package struct Instant: Hashable, Sendable {
  /// The time since the start.
  package var sinceStart: Duration

  /// Creates a point in time.
  package init(sinceStart: Duration) {
    self.sinceStart = sinceStart
  }

  /// The start of the process.
  package static let start = Instant(sinceStart: .zero)

  /// Returns the point a duration later.
  package static func + (lhs: Self, rhs: Duration) -> Self {
    Self(sinceStart: lhs.sinceStart + rhs)
  }

  /// Returns the point a duration earlier.
  package static func - (lhs: Self, rhs: Duration) -> Self {
    Self(sinceStart: lhs.sinceStart - rhs)
  }

  /// Returns the time from `rhs` to `lhs`.
  package static func - (lhs: Self, rhs: Self) -> Duration {
    lhs.sinceStart - rhs.sinceStart
  }
}

extension Instant: Comparable {
  /// Orders points from early to late.
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.sinceStart < rhs.sinceStart }
}
