import LinearAlgebra
import SparsityCore
import SparseKernels

/// Prepares the calling thread for products: alone, with the instructions that this process has.
///
/// ELSA_INSTRUCTION_SET limits what the kernels detect; oneDNN is held to the same level, so that
/// a forced variant is tested with the dense products that belong to it.
func prepareThread() {
  precondition(isHeldToDetected)
  limitThreadsToCaller()
}

/// Whether oneDNN is limited to the detected instruction set; decided once.
private let isHeldToDetected: Bool = {
  do throws(LinearAlgebraError) {
    try limitInstructions(to: .detected)
    return true
  } catch {
    // Tests of other targets in this process have set the same limit.
    return error == .limitTooLate(.detected)
  }
}()
