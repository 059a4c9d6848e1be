/// A version of the protocol, apart from the version of the program.
///
/// Peers of the same major version understand each other: a newer minor version only adds kinds
/// and fields, which the older one ignores.
package struct ProtocolVersion: Hashable, Sendable {
  /// Changes when older peers can no longer follow.
  package let major: UInt8
  /// Changes when something is added.
  package let minor: UInt8

  package init(major: UInt8, minor: UInt8) {
    self.major = major
    self.minor = minor
  }

  /// The version that this program speaks by preference.
  package static let current = ProtocolVersion(major: 3, minor: 0)

  /// All versions that this program can speak.
  package static let supported = current...current
}

extension ProtocolVersion: Comparable {
  /// Orders versions from old to new.
  package static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.major == rhs.major ? lhs.minor < rhs.minor : lhs.major < rhs.major
  }

  /// Returns the newest version that both ranges hold, or `nil`.
  package static func newest(
    of lhs: ClosedRange<ProtocolVersion>, and rhs: ClosedRange<ProtocolVersion>
  ) -> ProtocolVersion? {
    let newest = min(lhs.upperBound, rhs.upperBound)
    return newest >= lhs.lowerBound && newest >= rhs.lowerBound ? newest : nil
  }
}

extension ProtocolVersion: CustomStringConvertible {
  /// Major and minor, as in `3.0`.
  package var description: String { "\(major).\(minor)" }
}
