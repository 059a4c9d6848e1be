import Evaluation
import SparseKernels
import SparsityCore
import Testing

struct NumericsTests {
  @Test func `what the machine can do is supported and can be applied twice`() throws {
    let numerics = InferenceNumerics(precision: .f32, forwardBatch: 3)
    #expect(numerics.instructionSet == .detected)
    try numerics.checkSupport()
    try numerics.apply()
    try numerics.apply()
    try InferenceNumerics(precision: .f32, forwardBatch: 5).apply()
  }

  @Test func `bf16 is supported on every processor`() throws {
    try InferenceNumerics(precision: .bf16).checkSupport()
    try InferenceNumerics(precision: .bf16, instructionSet: .baseline).checkSupport()
  }

  @Test func `what a run says is read as it was written`() throws {
    for precision in Precision.allCases {
      for set in InstructionSet.allCases {
        let numerics = InferenceNumerics(
          precision: precision, instructionSet: set, forwardBatch: 256)
        #expect(try InferenceNumerics(numerics.numerics) == numerics)
      }
    }
    let numerics = InferenceNumerics(precision: .bf16, instructionSet: .avx2, forwardBatch: 4)
    #expect(
      numerics.description
        == "elsa/\(kernelTableVersion);batch=4;instructionSet=avx2;precision=bf16")
  }

  @Test(arguments: [
    (["precision": "f64"], "f64"), (["precision": ""], "precision"), (["batch": "many"], "many"),
    (["batch": "0"], "0 images"), (["batch": "1000000"], "1000000"), (["rounding": "up"], "up"),
    (["instructionSet": "neon"], "neon"),
  ])
  func `options that this version does not know are refused with name and value`(
    changes: [String: String], diagnostic: String
  ) throws {
    let known = InferenceNumerics(precision: .f32).numerics
    // An empty value stands for none.
    var options = known.options.merging(changes) { _, new in new }
    options = options.filter { !$0.value.isEmpty }
    let numerics = Numerics(backend: known.backend, options: options)
    let error = #expect(throws: EvaluationError.self) { try InferenceNumerics(numerics) }
    #expect(error?.description.contains(diagnostic) == true, "\(String(describing: error))")
  }

  @Test func `other kernels are another backend, which is refused with both named`() {
    let own = InferenceNumerics.backend
    let other = Backend(name: own.name, version: "\(kernelTableVersion + 1)")
    let numerics = Numerics(
      backend: other, options: InferenceNumerics(precision: .f32).numerics.options)
    #expect(throws: EvaluationError.otherBackend(found: own, asked: other)) {
      try InferenceNumerics(numerics)
    }
  }

  @Test func `a machine offers what its processor and all lesser ones can reproduce`() {
    let offer = InferenceNumerics.offer
    for set in InstructionSet.allCases {
      for precision in Precision.allCases {
        let numerics = InferenceNumerics(precision: precision, instructionSet: set)
        #expect(offer.canReproduce(numerics.numerics) == (set <= .detected))
      }
    }
  }

  @Test(.enabled(if: InstructionSet.detected < .avx512, "needs a processor without AVX-512"))
  func `instructions that the processor lacks are refused with a diagnostic`() {
    let numerics = InferenceNumerics(precision: .f32, instructionSet: .avx512)
    let error = #expect(throws: EvaluationError.self) { try numerics.apply() }
    #expect(error?.description.contains("avx512") == true)
  }

  @Test(.enabled(if: InstructionSet.detected > .baseline, "needs a processor with AVX2"))
  func `a process keeps the instructions it was limited to`() async {
    await #expect(processExitsWith: .success) {
      let baseline = InferenceNumerics(precision: .f32, instructionSet: .baseline)
      let best = InferenceNumerics(precision: .f32)
      try baseline.apply()
      try baseline.apply()
      let expected = EvaluationError.instructionSetFixed(
        applied: .baseline, asked: best.instructionSet)
      #expect(throws: expected) { try best.apply() }
    }
  }
}
