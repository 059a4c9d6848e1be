import SparseKernels
import SparsityCore
import Testing

struct KernelVariantTests {
  @Test func `the variants are the list of C kernels, in its order`() {
    #expect(KernelVariant.countInList == KernelVariant.allCases.count)
    #expect(KernelVariant.allCases.map(\.nameInList) == KernelVariant.allCases.map(\.rawValue))
  }

  @Test func `the scalar variant runs everywhere`() {
    #expect(KernelVariant.scalar.isSupported)
    #expect(KernelVariant.best(within: .baseline) == .scalar)
  }

  @Test(arguments: InstructionSet.allCases)
  func `the best variant is supported and within the limit`(limit: InstructionSet) {
    let best = KernelVariant.best(within: limit)
    #expect(best.isSupported)
    #expect(best.instructionSet <= limit)
    #expect(best.instructionSet == min(limit, .detected))
  }
}
