import Foundation
import SparseKernels
import SparsityCore
import Testing

struct BF16RowKernelsTests {
  static let supported = KernelVariant.allCases.filter(\.isSupported)

  @Test(arguments: supported)
  func `narrowing rounds to the nearest, ties to even`(variant: KernelVariant) {
    let cases: [(UInt32, UInt16)] = [
      (0x0000_0000, 0x0000), (0x8000_0000, 0x8000), (0x3f80_0000, 0x3f80),
      (0x3f80_7fff, 0x3f80), (0x3f80_8000, 0x3f80), (0x3f80_8001, 0x3f81),
      (0x3f81_8000, 0x3f82), (0x3f7f_ffff, 0x3f80), (0x7f7f_7fff, 0x7f7f),
      (0x7f7f_8000, 0x7f80), (0xff7f_ffff, 0xff80), (0x7f80_0000, 0x7f80),
      (0x0080_0000, 0x0080), (0x007f_ffff, 0x0000), (0x8000_0001, 0x8000),
      (0x7f80_0001, 0x7fc0), (0xff80_0001, 0xffc0), (0x7fc1_2345, 0x7fc1),
    ]
    let narrowed = narrowed(cases.map { Float(bitPattern: $0.0) }, variant)
    #expect(narrowed.map(\.bits) == cases.map(\.1))
  }

  @Test(arguments: supported)
  func `any bits narrow to the same bits with every variant`(variant: KernelVariant) {
    var generator = SeededGenerator(seed: 11)
    let x = (0..<100_003).map { _ in
      Float(bitPattern: UInt32(truncatingIfNeeded: generator.next() >> 20))
    }
    #expect(narrowed(x, variant) == narrowed(x, .scalar))
  }

  @Test(arguments: supported, [0, 1, 7, 8, 9, 15, 16, 17, 31, 65_536])
  func `widened numbers keep their value and narrow to themselves`(
    variant: KernelVariant, count: Int
  ) {
    let x = (0..<count).map {
      BF16(bits: UInt16(truncatingIfNeeded: count < 100 ? $0 &* 2_357 : $0))
    }
    let wide = widened(x, variant)
    #expect(wide.map(\.bitPattern) == x.map { UInt32($0.bits) << 16 })
    let again = narrowed(wide, variant)
    for (number, found) in zip(x, again) {
      if number.float.isSubnormal {
        #expect(found.bits == number.bits & 0x8000)
      } else {
        #expect(found.bits == (number.float.isNaN ? number.bits | 0x40 : number.bits))
      }
    }
  }

  @Test(arguments: supported, [1, 2, 7, 8, 9, 15, 16, 17, 48, 63, 64, 65, 192, 197, 1536])
  func `layer norm in bf16 is that of fp32, rounded`(variant: KernelVariant, width: Int) {
    var generator = SeededGenerator(seed: UInt64(width))
    let rows = 3
    let x = (0..<rows * width).map { _ in 3 * generator.weight() + 1 }
    let scale = (0..<width).map { _ in generator.weight() }
    let shift = (0..<width).map { _ in generator.weight() }
    var wide = [Float](repeating: .nan, count: rows * width)
    var wideSpan = wide.mutableSpan
    layerNorm(
      x.span, rows: rows, width: width, scale: scale.span, shift: shift.span, epsilon: 1e-6,
      into: &wideSpan, variant: variant)
    var y = [BF16](repeating: BF16(bits: 0x7fc0), count: rows * width)
    var span = y.mutableSpan
    layerNorm(
      x.span, rows: rows, width: width, scale: scale.span, shift: shift.span, epsilon: 1e-6,
      into: &span, variant: variant)
    #expect(y == narrowed(wide, .scalar))
  }

  @Test(arguments: supported, [1, 7, 8, 9, 15, 16, 17, 33, 1_000])
  func `gelu in bf16 is within its rounding of the formula`(variant: KernelVariant, count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let x = narrowed((0..<count).map { _ in 8 * generator.weight() }, .scalar)
    var y = x
    var span = y.mutableSpan
    gelu(&span, variant: variant)
    for (v, found) in zip(widened(x, .scalar), widened(y, .scalar)) {
      let v = Double(v)
      let expected = 0.5 * v * (1 + erf(v / 2.0.squareRoot()))
      // As in fp32, then rounded to 8 bits.
      let inner = 0.5 * abs(v) * (1e-6 + 6 * 0x1p-24)
      let bound = inner + (abs(expected) + inner) * 0x1p-8 + 0x1p-126
      #expect(abs(Double(found) - expected) <= bound)
    }
  }

  @Test(arguments: supported)
  func `gelu in bf16 keeps a NaN and is the identity far above`(variant: KernelVariant) {
    var values = [0x7fc0, 0x4180, 0xc180, 0x0000, 0x7f00].map { BF16(bits: $0) }
    var span = values.mutableSpan
    gelu(&span, variant: variant)
    let wide = widened(values, .scalar)
    #expect(wide[0].isNaN)
    #expect(Array(wide[1...]) == widened([0x4180, 0, 0, 0x7f00].map { BF16(bits: $0) }, .scalar))
  }
}

/// Returns numbers rounded to bf16 by a variant.
func narrowed(_ x: [Float], _ variant: KernelVariant) -> [BF16] {
  var y = [BF16](repeating: BF16(bits: 0xffff), count: x.count)
  var span = y.mutableSpan
  narrow(x.span, into: &span, variant: variant)
  return y
}

/// Returns bf16 numbers widened to fp32 by a variant.
func widened(_ x: [BF16], _ variant: KernelVariant) -> [Float] {
  var y = [Float](repeating: .nan, count: x.count)
  var span = y.mutableSpan
  widen(x.span, into: &span, variant: variant)
  return y
}
