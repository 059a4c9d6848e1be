import SparsityCore

/// When to try again: after pauses that double, from a shortest to a longest one.
package struct Backoff: Hashable, Sendable {
  /// When the next attempt is due; `nil` before the first.
  package private(set) var deadline: Instant?
  private let shortest: Duration
  private let longest: Duration
  private var pause: Duration

  /// Creates pauses of which the first is the shortest.
  package init(from shortest: Duration, upTo longest: Duration) {
    precondition(shortest > .zero)
    precondition(longest >= shortest)
    self.shortest = shortest
    self.longest = longest
    pause = shortest
  }

  /// Whether the next attempt is due.
  package func isDue(at now: Instant) -> Bool { deadline.map { $0 <= now } ?? true }

  /// Lets the pause begin, or so many times the pause.
  package mutating func wait(from now: Instant, factor: Double? = nil) {
    deadline = now + (factor.map { pause * $0 } ?? pause)
  }

  /// Makes the pauses that follow twice as long.
  package mutating func grow() { pause = min(pause * 2, longest) }

  /// Makes the pauses that follow as short as they may be: the last attempt has succeeded.
  package mutating func reset() { pause = shortest }

  /// Makes the pauses that follow as long as they may be.
  package mutating func exhaust() { pause = longest }
}
