import Evaluation
import SparseKernels
import SparsityCore
import Testing

struct NumericsTests {
  @Test func `what the machine can do is supported and can be applied twice`() throws {
    let numerics = Numerics.detected(precision: .f32, forwardBatch: 3)
    #expect(numerics.forwardBatch == 3)
    #expect(numerics.kernelTable == kernelTableVersion)
    #expect(numerics.instructionSet == .detected)
    try numerics.checkSupport()
    try numerics.apply()
    try numerics.apply()
    try Numerics.detected(precision: .f32, forwardBatch: 5).apply()
  }

  @Test func `bf16 is supported on every processor`() throws {
    try Numerics.detected(precision: .bf16).checkSupport()
    try Numerics(
      precision: .bf16, kernelTable: kernelTableVersion, instructionSet: .baseline,
      forwardBatch: 1
    ).checkSupport()
  }

  @Test func `another kernel table is refused in words`() {
    let numerics = Numerics(
      precision: .f32, kernelTable: kernelTableVersion + 1, instructionSet: .baseline,
      forwardBatch: 1)
    let error = #expect(throws: EvaluationError.self) { try numerics.checkSupport() }
    #expect(error?.description.contains("\(kernelTableVersion + 1)") == true)
  }

  @Test func `an unreasonable forward batch is refused in words`() {
    let numerics = Numerics.detected(precision: .f32, forwardBatch: 1_000_000)
    let error = #expect(throws: EvaluationError.self) { try numerics.checkSupport() }
    #expect(error?.description.contains("1000000") == true)
  }

  @Test(.enabled(if: InstructionSet.detected < .avx512, "needs a processor without AVX-512"))
  func `instructions that the processor lacks are refused in words`() {
    let numerics = Numerics(
      precision: .f32, kernelTable: kernelTableVersion, instructionSet: .avx512,
      forwardBatch: 1)
    let error = #expect(throws: EvaluationError.self) { try numerics.apply() }
    #expect(error?.description.contains("avx512") == true)
  }

  @Test(.enabled(if: InstructionSet.detected > .baseline, "needs a processor with AVX2"))
  func `a process keeps the instructions it was limited to`() async {
    await #expect(processExitsWith: .success) {
      let baseline = Numerics(
        precision: .f32, kernelTable: kernelTableVersion, instructionSet: .baseline,
        forwardBatch: 1)
      let best = Numerics.detected(precision: .f32, forwardBatch: 1)
      try baseline.apply()
      try baseline.apply()
      let expected = EvaluationError.instructionSetFixed(
        applied: .baseline, asked: best.instructionSet)
      #expect(throws: expected) { try best.apply() }
    }
  }
}
