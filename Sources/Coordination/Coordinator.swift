import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Owns the search, hands shards to workers, and accepts each shard's result once.
public struct Coordinator: Sendable {
  /// What the coordinator was told before it started.
  public let settings: CoordinatorSettings

  /// Creates a coordinator, or restores one from the records of its journal, in their order.
  ///
  /// - Throws: ``CoordinationError`` for impossible settings or a journal that does not fit them.
  public init(
    settings: CoordinatorSettings, recovering records: some Sequence<JournalRecord>
  ) throws(CoordinationError) {
    self.settings = settings
  }

  /// The time at which ``Event/ticked`` is wanted, or `nil` if nothing is waited for.
  public var nextDeadline: Instant? { nil }

  /// How far the run is.
  public var progress: CoordinatorProgress { preconditionFailure("to come") }

  /// Applies an event that happened at `now` and returns what to do about it.
  public mutating func apply(_ event: Event, at now: Instant) -> [Effect] { [] }
}
