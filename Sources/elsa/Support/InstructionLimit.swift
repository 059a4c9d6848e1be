import Foundation
import SparsityCore

/// The limit of instructions that tests set by an environment variable.
///
/// The kernels read the variable themselves and take a name they do not know for no limit, so the
/// program refuses such a name before anything runs.
enum InstructionLimit {
  /// The name of the variable.
  static let variable = "ELSA_INSTRUCTION_SET"

  /// The instruction set that the variable names, or `nil` where it is not set.
  ///
  /// - Throws: ``CommandFailure`` if the value names no instruction set.
  static func read() throws -> InstructionSet? {
    guard let value = ProcessInfo.processInfo.environment[variable] else { return nil }
    guard let set = InstructionSet(rawValue: value) else {
      let names = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure(
        "the environment variable \(variable) is \"\(value)\", which names no instruction set",
        nextStep: "unset it to use all that the processor has, or set it to one of \(names)")
    }
    return set
  }
}
