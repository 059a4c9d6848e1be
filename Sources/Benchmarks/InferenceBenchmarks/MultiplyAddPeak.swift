import CPeakKernels
import SparsityCore

/// The most multiply-adds that a core can do with some instructions: a loop of nothing else.
struct MultiplyAddPeak {
  /// The multiply-adds of one run; a run takes about a millisecond.
  let multiplyAddsPerRun: Double
  private let loop: cpk_multiply_add_fn
  private let rounds = 100_000

  /// Chooses the loop of a precision and an instruction set.
  ///
  /// Without bf16 instructions bf16 numbers are multiplied as fp32 numbers, so that loop counts.
  ///
  /// - Precondition: the processor has the instructions.
  init(precision: Precision, instructionSet: InstructionSet) {
    switch (instructionSet, precision) {
    case (.baseline, _): loop = cpk_f32_multiply_add__baseline
    case (.avx2, _): loop = cpk_f32_multiply_add__avx2
    case (.avx512, _), (.avx512bf16, .f32): loop = cpk_f32_multiply_add__avx512
    case (.avx512bf16, .bf16): loop = cpk_bf16_multiply_add__avx512bf16
    }
    multiplyAddsPerRun = Double(loop(rounds))
  }

  /// Runs the loop.
  func run() {
    _ = loop(rounds)
  }
}
