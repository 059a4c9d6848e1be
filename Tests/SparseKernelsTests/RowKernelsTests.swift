import Foundation
import SparseKernels
import SparsityCore
import Testing

struct RowKernelsTests {
  static let supported = KernelVariant.allCases.filter(\.isSupported)

  @Test(arguments: supported, [1, 2, 7, 8, 9, 15, 16, 17, 48, 192, 197, 383, 1536])
  func `layer norm agrees with the formula`(variant: KernelVariant, width: Int) {
    var generator = SeededGenerator(seed: UInt64(width))
    let rows = 5
    let x = (0..<rows * width).map { _ in 3 * generator.weight() + 1 }
    let scale = (0..<width).map { _ in generator.weight() }
    let shift = (0..<width).map { _ in generator.weight() }
    let epsilon: Float = 1e-6
    var y = [Float](repeating: .nan, count: rows * width)
    var span = y.mutableSpan
    layerNorm(
      x.span, rows: rows, width: width, scale: scale.span, shift: shift.span, epsilon: epsilon,
      into: &span, variant: variant)
    for row in 0..<rows {
      let values = x[row * width..<(row + 1) * width].map(Double.init)
      let mean = values.reduce(0, +) / Double(width)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      let deviation = (variance + Double(epsilon)).squareRoot()
      for (column, value) in values.enumerated() {
        let expected = (value - mean) / deviation * Double(scale[column]) + Double(shift[column])
        // Values are at most 4, so the mean errs by at most width · 4 units; the variance errs
        // relatively by as much as its terms, and a shifted mean adds its square.
        let unit = 0x1p-24
        let meanError = Double(width + 1) * 4 * unit
        let varianceError =
          Double(width + 4) * 2 * unit * variance + meanError * meanError
        let relative = varianceError / (2 * deviation * deviation) + 6 * unit
        let normal = abs(value - mean) / deviation
        let bound =
          (meanError / deviation + normal * relative) * abs(Double(scale[column]))
          + 2 * unit * (normal + 1)
        #expect(abs(Double(y[row * width + column]) - expected) <= bound)
      }
    }
  }

  @Test(arguments: supported, [1, 2, 7, 8, 9, 15, 16, 17, 49, 197, 577])
  func `softmax agrees with the formula`(variant: KernelVariant, width: Int) {
    var generator = SeededGenerator(seed: UInt64(width))
    let (rows, stride) = (4, width + 3)
    let scale: Float = 0.125
    let start = (0..<rows * stride).map { _ in 200 * generator.weight() }
    var values = start
    var span = values.mutableSpan
    softmaxRows(
      &span, rows: rows, width: width, stride: stride, scale: scale, variant: variant)
    for row in 0..<rows {
      let input = start[row * stride..<row * stride + width].map { Double($0) * Double(scale) }
      let largest = input.max() ?? 0
      let powers = input.map { exp($0 - largest) }
      let sum = powers.reduce(0, +)
      for column in 0..<width {
        let expected = powers[column] / sum
        // An argument down to −50 errs by two roundings of it; the polynomial by 4 units, the sum
        // by one a term.
        let relative = (2 * 50 + 4 + Double(width) + 4 + 2 * 50) * 0x1p-24
        let found = Double(values[row * stride + column])
        #expect(abs(found - expected) <= relative * expected + 1e-37)
      }
      for column in width..<stride {
        #expect(values[row * stride + column] == start[row * stride + column])
      }
    }
  }

  @Test(arguments: supported)
  func `softmax of far apart values is exact and a NaN stays visible`(variant: KernelVariant) {
    var values: [Float] = [0, -1e30, 0, -.infinity]
    var span = values.mutableSpan
    softmaxRows(&span, rows: 1, width: 4, stride: 4, scale: 1, variant: variant)
    #expect(values[0] == 0.5 && values[2] == 0.5)
    #expect(values[1] < 1e-37 && values[3] < 1e-37)
    for place in 0..<9 {
      var broken = [Float](repeating: 1, count: 9)
      broken[place] = .nan
      var brokenSpan = broken.mutableSpan
      softmaxRows(&brokenSpan, rows: 1, width: 9, stride: 9, scale: 1, variant: variant)
      #expect(broken.allSatisfy { $0.isNaN })
    }
  }

  @Test(arguments: supported)
  func `the error function in gelu is within 1e-6 of libm's`(variant: KernelVariant) {
    // 0 to 8 and 0 to −8 in steps that put about 100,000 points on the way.
    for sign: Float in [1, -1] {
      var values = (1...100_000).map { sign * Float($0) * 8e-5 }
      let inputs = values
      var span = values.mutableSpan
      gelu(&span, variant: variant)
      for (v, found) in zip(inputs, values) {
        let v = Double(v)
        let expected = 0.5 * v * (1 + erf(v / 2.0.squareRoot()))
        // 1e-6 for the error function, and three roundings of factors that are at most 2.
        let bound = 0.5 * abs(v) * (1e-6 + 3 * 2 * 0x1p-24)
        #expect(abs(Double(found) - expected) <= bound)
      }
    }
  }

  @Test(arguments: supported)
  func `gelu is zero far below, the identity far above, and NaN for NaN`(variant: KernelVariant) {
    var values: [Float] = [-1e4, -30, -6, 0, 6, 30, 1e4, 3e38, .nan]
    var span = values.mutableSpan
    gelu(&span, variant: variant)
    #expect(Array(values[0...7]) == [0, 0, 0, 0, 6, 30, 1e4, 3e38])
    #expect(values[8].isNaN)
  }

  @Test(arguments: supported, 1...40)
  func `gelu of a value does not depend on its place`(variant: KernelVariant, count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let inputs = (0..<count).map { _ in 4 * generator.weight() }
    var together = inputs
    var span = together.mutableSpan
    gelu(&span, variant: variant)
    for (value, found) in zip(inputs, together) {
      var alone = [value]
      var aloneSpan = alone.mutableSpan
      gelu(&aloneSpan, variant: variant)
      #expect(alone[0] == found)
    }
  }

  @Test(arguments: supported, [1, 7, 8, 9, 15, 16, 17, 33, 192])
  func `additions are exact`(variant: KernelVariant, width: Int) {
    var generator = SeededGenerator(seed: UInt64(width))
    let rows = 3
    let start = (0..<rows * width).map { _ in generator.weight() }
    let x = (0..<rows * width).map { _ in generator.weight() }
    var sum = start
    var sumSpan = sum.mutableSpan
    add(x.span, to: &sumSpan, variant: variant)
    #expect(sum == zip(start, x).map(+))

    let bias = Array(x.prefix(width))
    var biased = start
    var biasedSpan = biased.mutableSpan
    addBias(bias.span, toRowsOf: &biasedSpan, rows: rows, variant: variant)
    #expect(biased == start.indices.map { start[$0] + bias[$0 % width] })
  }

  @Test(arguments: supported, [(1, 0), (1.702, 0), (1.5957691, 0.071354816)] as [(Float, Float)])
  func `a sigmoid gate is within its rounding of the formula`(
    variant: KernelVariant, factors: (linear: Float, cubic: Float)
  ) {
    let inputs = (-4_000...4_000).map { Float($0) * 5e-3 }
    var values = inputs
    var span = values.mutableSpan
    sigmoidGate(&span, linear: factors.linear, cubic: factors.cubic, variant: variant)
    for (v, found) in zip(inputs, values) {
      let v = Double(v)
      let u = v * (Double(factors.linear) + Double(factors.cubic) * v * v)
      let expected = v / (1 + exp(-u))
      // The argument of the exponential is at most 87 and rounds twice; far below it is cut off.
      #expect(abs(Double(found) - expected) <= abs(expected) * 200 * 0x1p-24 + 1e-35)
    }
    var special: [Float] = [.nan, 0, 1e20, -1e20]
    var specialSpan = special.mutableSpan
    sigmoidGate(
      &specialSpan, linear: factors.linear, cubic: factors.cubic, variant: variant)
    #expect(special[0].isNaN)
    #expect(special[1...2] == [0, 1e20])
    #expect(abs(special[3]) < 1e-10)
  }

  @Test(arguments: supported, 1...40)
  func `a sigmoid gate of a value does not depend on its place`(
    variant: KernelVariant, count: Int
  ) {
    var generator = SeededGenerator(seed: UInt64(count))
    let inputs = (0..<count).map { _ in 4 * generator.weight() }
    var together = inputs
    var span = together.mutableSpan
    sigmoidGate(&span, linear: 1.5, cubic: 0.0625, variant: variant)
    for (value, found) in zip(inputs, together) {
      var alone = [value]
      var aloneSpan = alone.mutableSpan
      sigmoidGate(&aloneSpan, linear: 1.5, cubic: 0.0625, variant: variant)
      #expect(alone[0] == found)
    }
  }
}
