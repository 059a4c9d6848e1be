import WireProtocol

/// When a worker was heard, and what it says that it holds.
package struct WorkerContact: Sendable {
  /// When the worker was last heard.
  package private(set) var heardAt: Instant
  /// What the worker held at its last heartbeat.
  package private(set) var held: [HeldShard] = []
  /// When what the worker holds has last changed.
  private var advancedAt: Instant

  /// Creates the contact with a worker that was heard just now.
  package init(heardAt: Instant) {
    self.heardAt = heardAt
    advancedAt = heardAt
  }

  /// Takes note of a message.
  package mutating func hear(at now: Instant) { heardAt = now }

  /// Takes note of a heartbeat; a worker that holds nothing makes progress.
  package mutating func report(_ held: [HeldShard], at now: Instant) {
    if self.held != held || held.isEmpty { advancedAt = now }
    self.held = held
  }

  /// How long the worker was silent.
  package func silence(at now: Instant) -> Duration { now - heardAt }

  /// Whether what the worker holds has not changed for some time, however often it beats.
  package func isStalled(for timeout: Duration, at now: Instant) -> Bool {
    now - advancedAt >= timeout
  }

  /// Leaves an absence of the coordinator out of what silence is measured by.
  package mutating func allow(for absence: Duration) {
    heardAt = heardAt + absence
    advancedAt = advancedAt + absence
  }
}
