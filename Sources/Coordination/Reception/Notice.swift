/// How urgent something is that is told.
package enum Urgency: Int, Comparable, Sendable {
  case detail
  case information
  case notice
  case warning
  case error

  /// Orders what can wait before what cannot.
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Something to tell besides the notifications of the coordinator.
package struct Notice: Hashable, Sendable {
  /// What is told.
  package let text: String
  /// How urgent it is.
  package let urgency: Urgency
  /// Whether users see it at once, besides anyone who reads the log.
  package let isForUsers: Bool

  /// Creates a line of the log.
  package init(_ text: String, urgency: Urgency) {
    self.init(text, urgency: urgency, isForUsers: false)
  }

  private init(_ text: String, urgency: Urgency, isForUsers: Bool) {
    self.text = text
    self.urgency = urgency
    self.isForUsers = isForUsers
  }

  /// Returns a warning that users see, too.
  package static func warning(_ text: String) -> Notice {
    Notice(text, urgency: .warning, isForUsers: true)
  }
}
