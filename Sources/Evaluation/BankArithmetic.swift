import SparseKernels
import SparsityCore

/// The arithmetic that weights are calibrated in, apart from that of a run's results.
///
/// A bank is built before the workers come, so it cannot depend on them; nor does it depend on what
/// a processor has beyond AVX2. Sums over images and solutions of equations are fp64, by OpenBLAS.
package enum BankArithmetic {
  /// The instructions that are used: AVX2, or what a lesser processor has.
  package static var instructionSet: InstructionSet { min(.avx2, .detected) }

  /// The arithmetic in a fixed text, as in `f32/kernels-2/avx2`.
  package static var text: String {
    "\(Precision.f32.rawValue)/kernels-\(kernelTableVersion)/\(instructionSet.rawValue)"
  }

  /// Holds all products of this process to it; only for a process that evaluates nothing.
  ///
  /// - Throws: ``EvaluationError`` if the process is held to another instruction set.
  package static func apply() throws(EvaluationError) {
    try InferenceNumerics(precision: .f32, instructionSet: instructionSet).apply()
  }
}
