import Coordination
import ProcessLimits

/// How long the coordinator may take to end once the process was asked to.
package struct StopPatience {
  private let timeout: Duration
  /// When the process ends, whatever is left to do, once it was asked to.
  package private(set) var deadline: Instant?

  /// Creates the patience of a process that nobody has asked to end.
  package init(timeout: Duration) { self.timeout = timeout }

  /// Takes note of how urgently the process is asked to end.
  ///
  /// - Returns: whether that is new, and whether it ends at once.
  package mutating func take(
    _ request: StopRequest, at now: Instant
  ) -> (isNew: Bool, isOver: Bool) {
    let isNew = request != .none && deadline == nil
    if isNew { deadline = now + timeout }
    return (isNew, request == .atOnce || deadline.map { $0 <= now } ?? false)
  }
}
