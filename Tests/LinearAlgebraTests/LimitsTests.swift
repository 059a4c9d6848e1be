import Foundation
import LinearAlgebra
import SparseKernels
import SparsityCore
import Testing

/// Limits hold for a whole process, so each of these tests runs in a process of its own.
struct LimitsTests {
  @Test func `oneDNN accepts the lowest limit before its first product and none after`() async {
    await #expect(processExitsWith: .success) {
      try limitInstructions(to: .baseline)
      #expect(throws: LinearAlgebraError.limitTooLate(.avx2)) {
        try limitInstructions(to: .avx2)
      }
      multiplyOnce()
    }
  }

  @Test func `a limit after the first product is refused with a diagnostic`() async {
    await #expect(processExitsWith: .success) {
      multiplyOnce()
      let error = #expect(throws: LinearAlgebraError.self) {
        try limitInstructions(to: .baseline)
      }
      #expect(error?.description.contains("before it") == true)
    }
  }
}

extension LimitsTests {
  @Test func `a limit that the processor has is accepted`() async {
    await #expect(processExitsWith: .success) {
      try limitInstructions(to: .detected)
      multiplyOnce()
    }
  }

  /// Whether the processor lacks AVX-512; what the kernels are limited to says nothing of that.
  private static let lacksAVX512 =
    ProcessInfo.processInfo.environment["ELSA_INSTRUCTION_SET"] == nil
    && InstructionSet.detected < .avx512

  @Test(.enabled(if: lacksAVX512, "needs a processor without AVX-512"))
  func `instructions that the processor lacks are refused with a diagnostic`() async {
    await #expect(processExitsWith: .success) {
      let error = #expect(throws: LinearAlgebraError.unsupportedInstructions(asked: .avx512)) {
        try limitInstructions(to: .avx512)
      }
      #expect(error?.description.contains("cannot run avx512") == true)
    }
  }
}

private func multiplyOnce() {
  limitThreadsToCaller()
  let values: [Float] = [1, 2, 3, 4]
  var result: [Float] = [0, 0, 0, 0]
  var span = result.mutableSpan
  multiplyDense(
    weights: values.span, outputs: 2, inputs: 2, by: values.span, tokens: 2, bias: nil,
    into: &span)
  #expect(result == [5, 11, 11, 25])
}
