import SparsityCore
import WireProtocol

/// The conversation of one worker with the coordinator.
public struct WorkerMachine: Sendable {
  /// What the machine was told before it started.
  public let settings: WorkerSettings

  /// Creates a worker that has not greeted yet.
  public init(settings: WorkerSettings) {
    self.settings = settings
  }

  /// The time at which ``Event/ticked`` is wanted, or `nil` if nothing is waited for.
  public var nextDeadline: Instant? { nil }

  /// Applies an event that happened at `now` and returns what to do about it.
  public mutating func apply(_ event: Event, at now: Instant) -> [Effect] { [] }
}
