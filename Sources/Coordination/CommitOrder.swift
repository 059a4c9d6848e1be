import SparsityCore

/// In which order the search is told about results.
public enum CommitOrder: Hashable, Sendable {
  /// As they come: nobody waits, and another speed of the workers gives another search.
  case asynchronous
  /// In the order of birth: at most `window` candidates are between birth and telling, and each is
  /// born after the same results whatever the workers' number and speed.
  case strict(window: Int)

  /// The windows that a run may have.
  public static let windowRange = RunLimits.windowRange
}
