import SparsityCore

/// What a worker has shown that it can do.
package struct WorkerStanding: Sendable {
  /// Whether the worker has finished something.
  package private(set) var isProven = false
  /// Whether another worker was faster with a shard since the last result from here.
  package private(set) var isBeaten = false
  /// Whether the worker has not taken a shard whose result is known.
  package private(set) var ignoresControls = false
  /// Whether the worker has failed to measure a shard again.
  package private(set) var failsSpotChecks = false
  /// What has failed here since the last success.
  package private(set) var streak = FailureStreak()

  /// Creates the standing of a worker that has shown nothing.
  package init() {}

  /// Takes note that the worker can finish something, whatever else has failed here.
  package mutating func prove() { isProven = true }

  /// Takes note of an evaluation that has succeeded.
  package mutating func succeed() {
    isProven = true
    streak = FailureStreak()
  }

  /// Takes note of a result that counts: nobody was faster.
  package mutating func deliver() {
    succeed()
    isBeaten = false
  }

  /// Takes note of what has failed here, also before the worker came back.
  package mutating func fail(_ streak: FailureStreak) { self.streak = streak }

  /// Takes note that another worker was faster.
  package mutating func beat() { isBeaten = true }

  /// Gives the worker no shard any more whose result is known.
  package mutating func endControls() { ignoresControls = true }

  /// Lets the worker measure no shard again.
  package mutating func endSpotChecks() { failsSpotChecks = true }

  /// Whether the candidate has failed here since the last success.
  package func hasFailed(with candidate: CandidateID) -> Bool {
    streak.candidates.contains(candidate)
  }
}
