import LinearAlgebra
import SparsityCore
import Testing

/// One window of a buffer filled with random numbers, readable as the product reads it.
private struct Operand {
  let values: [Float]
  let layout: MatrixLayout

  init(rows: Int, columns: Int, isTransposed: Bool, using generator: inout SeededGenerator) {
    let (storedRows, storedColumns) = isTransposed ? (columns, rows) : (rows, columns)
    layout = MatrixLayout(
      offset: generator.index(below: 9),
      leadingDimension: storedColumns + generator.index(below: 5), isTransposed: isTransposed)
    let count = layout.offset + storedRows * layout.leadingDimension
    values = (0..<count).map { _ in Float(generator.unitInterval() * 2 - 1) }
  }

  subscript(row: Int, column: Int) -> Double {
    let (i, j) = layout.isTransposed ? (column, row) : (row, column)
    return Double(values[layout.offset + i * layout.leadingDimension + j])
  }
}

struct DenseProductsTests {
  /// The relative rounding of one operation in single precision.
  static let unitRoundoff = 0x1p-24

  @Test(arguments: UInt64(0)..<60)
  func `a strided product agrees with the naive one in double precision`(seed: UInt64) {
    prepareThread()
    var generator = SeededGenerator(seed: seed)
    let (m, n, k) = (
      1 + generator.index(below: 70), 1 + generator.index(below: 70),
      1 + generator.index(below: 300)
    )
    let a = Operand(
      rows: m, columns: k, isTransposed: generator.index(below: 2) == 1, using: &generator)
    let b = Operand(
      rows: k, columns: n, isTransposed: generator.index(below: 2) == 1, using: &generator)
    let start = Operand(rows: m, columns: n, isTransposed: false, using: &generator)
    let alpha = Float(generator.unitInterval() * 2 - 1)
    let beta: Float = [0, 1, -0.5][generator.index(below: 3)]

    var c = start.values
    // With a beta of zero the product must not read what was there.
    if beta == 0 { c = c.map { _ in .nan } }
    var span = c.mutableSpan
    multiplyMatrices(
      a.values.span, a.layout, b.values.span, b.layout, rows: m, columns: n, inner: k,
      alpha: alpha, beta: beta, into: &span, start.layout)

    for i in 0..<m {
      for j in 0..<n {
        var sum = 0.0
        var magnitude = 0.0
        for l in 0..<k {
          sum += a[i, l] * b[l, j]
          magnitude += abs(a[i, l] * b[l, j])
        }
        let before = beta == 0 ? 0 : Double(beta) * start[i, j]
        let expected = Double(alpha) * sum + before
        // k products and sums in any order, then scaling, beta · C and the last sum.
        let total = abs(Double(alpha)) * magnitude + abs(before)
        let bound = Double(k + 4) * Self.unitRoundoff * total
        let found = Double(c[start.layout.offset + i * start.layout.leadingDimension + j])
        #expect(abs(found - expected) <= bound)
      }
    }
    // What lies outside the window stays as it was.
    for index in c.indices {
      let (row, column) = (index - start.layout.offset).quotientAndRemainder(
        dividingBy: start.layout.leadingDimension)
      let isInside = index >= start.layout.offset && row < m && column < n
      if !isInside { #expect(beta == 0 ? c[index].isNaN : c[index] == start.values[index]) }
    }
  }

  @Test(arguments: [true, false], UInt64(0)..<20)
  func `a dense layer agrees with the naive product`(hasBias: Bool, seed: UInt64) {
    prepareThread()
    var generator = SeededGenerator(seed: seed)
    let (tokens, inputs, outputs) = (
      1 + generator.index(below: 50), 1 + generator.index(below: 200),
      1 + generator.index(below: 60)
    )
    let weights = (0..<outputs * inputs).map { _ in Float(generator.unitInterval() * 2 - 1) }
    let x = (0..<tokens * inputs).map { _ in Float(generator.unitInterval() * 2 - 1) }
    let bias = (0..<outputs).map { _ in Float(generator.unitInterval() * 2 - 1) }
    var y = [Float](repeating: .nan, count: tokens * outputs)
    var span = y.mutableSpan
    multiplyDense(
      weights: weights.span, outputs: outputs, inputs: inputs, by: x.span, tokens: tokens,
      bias: hasBias ? bias.span : nil, into: &span)

    for token in 0..<tokens {
      for output in 0..<outputs {
        var sum = hasBias ? Double(bias[output]) : 0
        var magnitude = abs(sum)
        for input in 0..<inputs {
          let product = Double(x[token * inputs + input]) * Double(weights[output * inputs + input])
          sum += product
          magnitude += abs(product)
        }
        let bound = Double(inputs + 2) * Self.unitRoundoff * magnitude
        #expect(abs(Double(y[token * outputs + output]) - sum) <= bound)
      }
    }
  }

  @Test(arguments: [(197, 576, 192), (788, 192, 768), (17, 10, 48), (1, 1000, 192)])
  func `a product has the same bits wherever its operands lie in memory`(
    tokens: Int, outputs: Int, inputs: Int
  ) {
    prepareThread()
    var generator = SeededGenerator(seed: 3)
    let weights = (0..<outputs * inputs).map { _ in Float(generator.unitInterval() * 2 - 1) }
    let x = (0..<tokens * inputs).map { _ in Float(generator.unitInterval() * 2 - 1) }
    var first: [Float] = []
    for offset in [0, 1, 2, 3, 4, 7, 8, 15] {
      let padding = [Float](repeating: 0, count: offset)
      var y = [Float](repeating: 0, count: offset + tokens * outputs)
      var span = y.mutableSpan
      multiplyMatrices(
        (padding + x).span, MatrixLayout(offset: offset, leadingDimension: inputs),
        (padding + weights).span,
        MatrixLayout(offset: offset, leadingDimension: inputs, isTransposed: true),
        rows: tokens, columns: outputs, inner: inputs,
        into: &span, MatrixLayout(offset: offset, leadingDimension: outputs))
      let result = Array(y[offset...])
      if offset == 0 { first = result }
      #expect(result == first)
    }
  }
}
