import SparsityCore

/// Why weights cannot be compressed.
package enum SparseKernelError: Error, Equatable, Sendable {
  /// A group of a row holds more nonzeros than its pattern keeps.
  case tooManyNonzeros(output: Int, firstInput: Int, found: Int, pattern: NMPattern)
}

extension SparseKernelError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .tooManyNonzeros(let output, let firstInput, let found, let pattern):
      """
      output \(output) has \(found) nonzero weights in the group that starts at input \
      \(firstInput), but \(pattern) keeps \(pattern.kept); prune the weights to the pattern first
      """
    }
  }
}
