/// A failure that ends the program: what happened and what to do next.
struct CommandFailure: Error, CustomStringConvertible {
  /// What failed, with the value and the place.
  let message: String
  /// What the user can do about it.
  let nextStep: String?
  /// How the program ends.
  let status: ExitStatus

  /// Creates a failure.
  init(_ message: String, nextStep: String? = nil, status: ExitStatus = .failed) {
    self.message = message
    self.nextStep = nextStep
    self.status = status
  }

  /// The failure in words.
  var description: String {
    guard let nextStep else { return message }
    return "\(message)\n  → \(nextStep)"
  }
}
