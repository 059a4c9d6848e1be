import SparsityCore

/// Why the dense products cannot be set up as asked.
package enum LinearAlgebraError: Error, Equatable, Sendable {
  /// The limit came after the first product, or after another limit.
  case limitTooLate(InstructionSet)
  /// The processor, or the build of oneDNN, cannot run the instructions.
  case unsupportedInstructions(asked: InstructionSet)
}

extension LinearAlgebraError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .limitTooLate(let set):
      """
      oneDNN cannot be limited to \(set.rawValue) any more: its instructions are fixed by the \
      first product of the process; set the limit once, before it
      """
    case .unsupportedInstructions(let asked):
      """
      this processor cannot run \(asked.rawValue) instructions in oneDNN; \
      choose a lower instruction set for the run
      """
    }
  }
}
