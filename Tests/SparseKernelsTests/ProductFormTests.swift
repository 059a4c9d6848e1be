import SparseKernels
import SparsityCore
import Testing

struct ProductFormTests {
  @Test(arguments: KernelVariant.allCases, Precision.allCases)
  func `the best form exists for every pattern`(variant: KernelVariant, precision: Precision) {
    for pattern in everyPattern {
      let form = ProductForm.best(for: pattern, precision: precision, variant: variant)
      if pattern.isDense { #expect(form == .dense) }
      if variant == .scalar { #expect(form == .dense) }
      if form == .pairs {
        #expect(precision == .bf16)
        #expect(Pairing(of: pattern) != nil)
      }
    }
  }

  @Test(arguments: [KernelVariant.avx2, .avx512, .avx512bf16])
  func `fp32 skips what is pruned of the usual sparse patterns`(variant: KernelVariant) throws {
    for text in ["1:4", "2:4", "2:8", "4:8", "4:16", "8:16"] {
      let form = ProductForm.best(
        for: try #require(NMPattern(text)), precision: .f32, variant: variant)
      #expect(form == .columns, "\(text)")
    }
  }

  @Test func `bf16 instructions multiply the usual sparse patterns in pairs`() throws {
    for (text, expected) in [
      ("1:4", ProductForm.pairs), ("2:4", .pairs), ("2:8", .pairs), ("4:8", .pairs),
      ("1:16", .columns), ("4:16", .columns), ("4:4", .dense), ("7:8", .dense), ("15:16", .dense),
    ] {
      let form = ProductForm.best(
        for: try #require(NMPattern(text)), precision: .bf16, variant: .avx512bf16)
      #expect(form == expected, "\(text)")
    }
  }
}
