import LinearAlgebra
import SparsityCore
import Testing

/// Returns Xᵀ·X of random rows: symmetric, and positive definite with as many rows as columns.
private func randomGram(order: Int, rows: Int, seed: UInt64) -> [Double] {
  var generator = SeededGenerator(seed: seed)
  let x = (0..<rows * order).map { _ in generator.unitInterval() - 0.5 }
  var gram = [Double](repeating: 0, count: order * order)
  for row in 0..<rows {
    for i in 0..<order {
      for j in 0..<order { gram[i * order + j] += x[row * order + i] * x[row * order + j] }
    }
  }
  return gram
}

/// Returns A·B of row-major square matrices.
private func product(_ a: [Double], _ b: [Double], order: Int) -> [Double] {
  (0..<order * order).map { place in
    (0..<order).reduce(0) { $0 + a[place / order * order + $1] * b[$1 * order + place % order] }
  }
}

/// Returns the factor of a matrix.
private func factored(_ matrix: [Double], order: Int) -> CholeskyFactor? {
  CholeskyFactor(of: matrix.span, order: order)
}

/// Returns the decomposition of a matrix.
private func decomposed(_ matrix: [Double], order: Int) -> SymmetricEigen? {
  SymmetricEigen(of: matrix.span, order: order)
}

/// Returns whether all numbers are as expected, but for rounding.
private func areClose(_ found: [Double], _ expected: [Double], tolerance: Double) -> Bool {
  zip(found, expected).allSatisfy { abs($0 - $1) < tolerance }
}

struct CholeskyFactorTests {
  @Test(arguments: [1, 2, 5, 33])
  func `the factor's square is the matrix`(order: Int) throws {
    let gram = randomGram(order: order, rows: 2 * order, seed: 1)
    let factor = try #require(factored(gram, order: order))
    let upper = factor.upper
    for i in 0..<order {
      for j in 0..<order {
        if j < i { #expect(upper[i * order + j] == 0) }
        var square = 0.0
        for k in 0..<order { square += upper[k * order + i] * upper[k * order + j] }
        #expect(abs(square - gram[i * order + j]) < 1e-12)
      }
    }
  }

  @Test(arguments: [1, 4, 29])
  func `solutions and the inverse undo the matrix`(order: Int) throws {
    let gram = randomGram(order: order, rows: 2 * order, seed: 2)
    let factor = try #require(factored(gram, order: order))
    let identity = (0..<order * order).map { $0 % (order + 1) == 0 ? 1.0 : 0 }
    var solution = identity
    factor.solve(&solution)
    for found in [solution, factor.inverse()] {
      let back = product(gram, found, order: order)
      for (value, expected) in zip(back, identity) { #expect(abs(value - expected) < 1e-8) }
    }
  }

  @Test func `a singular matrix and one with NaN have no factor`() {
    let singular = [1.0, 2, 2, 4]
    #expect(factored(singular, order: 2) == nil)
    let broken = [1.0, .nan, .nan, 4]
    #expect(factored(broken, order: 2) == nil)
    let negative = [-1.0]
    #expect(factored(negative, order: 1) == nil)
  }

  @Test func `eigenvectors stretch by their eigenvalues`() throws {
    let order = 17
    let gram = randomGram(order: order, rows: 9, seed: 3)
    let eigen = try #require(decomposed(gram, order: order))
    #expect(eigen.values == eigen.values.sorted())
    for (index, value) in eigen.values.enumerated() {
      let vector = Array(eigen.vectors[index * order..<(index + 1) * order])
      for i in 0..<order {
        var stretched = 0.0
        for j in 0..<order { stretched += gram[i * order + j] * vector[j] }
        #expect(abs(stretched - value * vector[i]) < 1e-10)
      }
    }
    let broken = [1.0, .infinity, .infinity, 4]
    #expect(decomposed(broken, order: 2) == nil)
  }

  @Test func `products are those of the definition`() {
    var generator = SeededGenerator(seed: 4)
    let sizes = ProductSizes(rows: 3, inner: 5, columns: 4)
    let a = (0..<15).map { _ in generator.unitInterval() }
    let b = (0..<20).map { _ in generator.unitInterval() }
    let expected = (0..<12).map { place in
      (0..<5).reduce(0.0) { (sum: Double, k: Int) -> Double in
        sum + a[place / 4 * 5 + k] * b[k * 4 + place % 4]
      }
    }
    let aTransposed = (0..<15).map { a[$0 % 3 * 5 + $0 / 3] }
    let bTransposed = (0..<20).map { b[$0 % 5 * 4 + $0 / 5] }
    for (left, right, transposed) in [
      (a, b, TransposedOperand.none), (aTransposed, b, .first), (a, bTransposed, .second),
    ] {
      var c = [Double](repeating: 1, count: 12)
      var target = c.mutableSpan
      multiply(
        left.span, right.span, sizes: sizes, transposed: transposed, adds: true, into: &target)
      #expect(areClose(c, expected.map { $0 + 1 }, tolerance: 1e-12))
      var narrow = [Float](repeating: 1, count: 12)
      let (leftNarrow, rightNarrow) = (left.map(Float.init), right.map(Float.init))
      var narrowTarget = narrow.mutableSpan
      multiply(
        leftNarrow.span, rightNarrow.span, sizes: sizes, transposed: transposed,
        into: &narrowTarget)
      #expect(areClose(narrow.map(Double.init), expected, tolerance: 1e-5))
    }
  }

  @Test func `a Gram matrix grows by the products of a row's entries`() {
    let rows = [1.0, 2, 3, -1, 0, 4]
    var gram = [Double](repeating: 0, count: 9)
    var target = gram.mutableSpan
    addGram(of: rows.span, width: 3, to: &target)
    addGram(of: rows.span, width: 3, to: &target)
    #expect(gram == [4, 4, -2, 0, 8, 12, 0, 0, 50])
  }
}
