/// A point on a monotonic clock, counted from the start of the process.
public struct Instant: Hashable, Sendable {
  /// The time since the start.
  public var sinceStart: Duration

  /// Creates a point in time.
  public init(sinceStart: Duration) {
    self.sinceStart = sinceStart
  }

  /// The start of the process.
  public static let start = Instant(sinceStart: .zero)

  /// Returns the point a duration later.
  public static func + (lhs: Self, rhs: Duration) -> Self {
    Self(sinceStart: lhs.sinceStart + rhs)
  }

  /// Returns the point a duration earlier.
  public static func - (lhs: Self, rhs: Duration) -> Self {
    Self(sinceStart: lhs.sinceStart - rhs)
  }

  /// Returns the time from `rhs` to `lhs`.
  public static func - (lhs: Self, rhs: Self) -> Duration {
    lhs.sinceStart - rhs.sinceStart
  }
}

extension Instant: Comparable {
  /// Orders points from early to late.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.sinceStart < rhs.sinceStart }
}
