import TextReports

/// A failure that ends the program, and how.
struct CommandFailure: Error, CustomStringConvertible {
  private let explanation: ExplainedError
  /// How the program ends.
  let status: ExitStatus

  init(_ message: String, nextStep: String? = nil, status: ExitStatus = .failed) {
    explanation = ExplainedError(message, nextStep: nextStep)
    self.status = status
  }

  /// The failure as text.
  var description: String { explanation.description }
}
