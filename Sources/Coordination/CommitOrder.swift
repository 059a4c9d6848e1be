import SparsityCore

/// In which order the search is told about results.
package enum CommitOrder: Hashable, Sendable {
  /// As they come: nobody waits, and another speed of the workers gives another search.
  case asynchronous
  /// In the order of proposal: at most `window` candidates are between proposal and telling, and
  /// each is proposed after the same results whatever the workers' number and speed.
  case strict(window: Int)

  /// The windows that a run may have.
  package static let windowRange = RunLimits.windowRange
}
