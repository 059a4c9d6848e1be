/// How urgently a process was asked to end.
package enum StopRequest: Int, Hashable, Sendable {
  /// Not at all.
  case none
  /// In good order: nothing that is done gets lost, and peers are told.
  case orderly
  /// At once, whatever gets lost.
  case atOnce
}

extension StopRequest: Comparable {
  /// Orders requests by urgency.
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
