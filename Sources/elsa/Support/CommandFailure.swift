/// A failure that ends the program: what happened and what to do next.
struct CommandFailure: Error, CustomStringConvertible {
  /// What failed, with the value and the place.
  let message: String
  /// What the user can do about it.
  let nextStep: String?

  /// Creates a failure.
  init(_ message: String, nextStep: String? = nil) {
    self.message = message
    self.nextStep = nextStep
  }

  /// The failure in words.
  var description: String {
    guard let nextStep else { return message }
    return "\(message)\n  → \(nextStep)"
  }
}
