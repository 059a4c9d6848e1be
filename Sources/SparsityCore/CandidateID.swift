/// The number of a candidate in its run: the order in which candidates were born, from zero.
public struct CandidateID: Hashable, Sendable {
  /// The birth number.
  public let rawValue: Int

  /// Creates the identity of the candidate with a birth number.
  public init(_ rawValue: Int) {
    precondition(rawValue >= 0)
    self.rawValue = rawValue
  }
}

extension CandidateID: Comparable {
  /// Orders candidates by birth.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

extension CandidateID: CustomStringConvertible {
  /// The birth number with a mark, as in `#12`.
  public var description: String { "#\(rawValue)" }
}
