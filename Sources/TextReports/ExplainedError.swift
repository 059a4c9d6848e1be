/// Why something cannot be done, as users are told it: what happened and what to do next.
package struct ExplainedError: Error, Hashable, CustomStringConvertible {
  /// What failed, with the value and the place.
  package let message: String
  /// What the user can do about it.
  package let nextStep: String?
  /// Whether a run file or an option asks for what cannot be.
  package let isWrongUsage: Bool

  package init(_ message: String, nextStep: String? = nil, isWrongUsage: Bool = false) {
    self.message = message
    self.nextStep = nextStep
    self.isWrongUsage = isWrongUsage
  }

  /// The message, and below it the next step.
  package var description: String {
    guard let nextStep else { return message }
    return "\(message)\n  → \(nextStep)"
  }
}
