/// The number of a candidate in its run: the order in which candidates were proposed, from zero.
package struct CandidateID: Hashable, Sendable {
  /// The number.
  package let rawValue: Int

  /// Creates the identity of the candidate with a number.
  package init(_ rawValue: Int) {
    precondition(rawValue >= 0)
    self.rawValue = rawValue
  }
}

extension CandidateID: Comparable {
  /// Orders candidates by proposal.
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension CandidateID: CustomStringConvertible {
  /// The number with a mark, as in `#12`.
  package var description: String { "#\(rawValue)" }
}
