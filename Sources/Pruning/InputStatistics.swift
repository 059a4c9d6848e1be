import LinearAlgebra

/// What calibration tells about the inputs of a layer: how many rows, and their products, as
/// doubles.
///
/// Rows (tokens) arrive piece by piece; nothing of them is kept but the sums. Where earlier layers
/// are pruned already, each row has a target: the inputs that the layer's own weights should have
/// seen. The outputs to come close to are those of the targets.
package struct InputStatistics: Hashable, Sendable {
  /// The inputs of the layer.
  package let inputs: Int
  /// The rows seen.
  package private(set) var rowCount: Int
  /// The Gram matrix Σ x·xᵀ, row-major; only its upper triangle is kept, zeros lie below.
  package private(set) var gram: [Double]
  /// The products Σ t·xᵀ with the targets t, row-major; `nil` if every row is its own target.
  package private(set) var targetProducts: [Double]?

  /// Creates the statistics of no rows.
  package init(inputs: Int, hasTargets: Bool = false) {
    precondition(inputs > 0)
    let matrix = [Double](repeating: 0, count: inputs * inputs)
    self.inputs = inputs
    self.rowCount = 0
    self.gram = matrix
    self.targetProducts = hasTargets ? matrix : nil
  }

  /// Restores the statistics of rows that were their own targets.
  ///
  /// - Parameter upperTriangle: The Gram matrix from the diagonal on, row behind row.
  /// - Returns: `nil` unless there are as many rows and numbers as can be.
  package init?(inputs: Int, rowCount: Int, upperTriangle: [Double]) {
    guard inputs > 0, rowCount >= 0, upperTriangle.count == inputs * (inputs + 1) / 2 else {
      return nil
    }
    self.init(inputs: inputs)
    self.rowCount = rowCount
    var place = 0
    for row in 0..<inputs {
      for column in row..<inputs {
        gram[row * inputs + column] = upperTriangle[place]
        place += 1
      }
    }
  }

  /// The Gram matrix from the diagonal on, row behind row: all that is kept of it.
  package var upperTriangle: [Double] {
    (0..<inputs).flatMap { gram[$0 * inputs + $0..<($0 + 1) * inputs] }
  }

  /// Adds rows that are their own targets, one after the other.
  ///
  /// - Precondition: the statistics have no targets.
  /// - Complexity: O(rows · `inputs`²).
  package mutating func add(rows: Span<Double>) {
    precondition(targetProducts == nil)
    addOwn(rows)
  }

  /// Adds rows and their targets, as many as rows.
  ///
  /// - Precondition: the statistics have targets.
  /// - Complexity: O(rows · `inputs`²).
  package mutating func add(rows: Span<Double>, targets values: Span<Double>) {
    precondition(values.count == rows.count)
    guard var products = targetProducts else {
      preconditionFailure("these statistics have no targets")
    }
    targetProducts = nil
    addOwn(rows)
    if rows.count > 0 {
      var sums = products.mutableSpan
      multiply(
        values, rows,
        sizes: ProductSizes(rows: inputs, inner: rows.count / inputs, columns: inputs),
        transposed: .first, adds: true, into: &sums)
    }
    targetProducts = products
  }

  /// Adds the rows that other statistics of the same kind have seen.
  package mutating func add(_ other: InputStatistics) {
    precondition(other.inputs == inputs)
    precondition((other.targetProducts == nil) == (targetProducts == nil))
    rowCount += other.rowCount
    Self.add(other.gram, to: &gram)
    guard var own = targetProducts, let added = other.targetProducts else { return }
    targetProducts = nil
    Self.add(added, to: &own)
    targetProducts = own
  }

  private mutating func addOwn(_ rows: Span<Double>) {
    precondition(rows.count.isMultiple(of: inputs))
    let inputs = inputs
    rowCount += rows.count / inputs
    var products = gram.mutableSpan
    addGram(of: rows, width: inputs, to: &products)
  }

  /// Adds numbers to as many others.
  private static func add(_ numbers: [Double], to others: inout [Double]) {
    var target = others.mutableSpan
    let added = numbers.span
    for index in added.indices { target[index] += added[index] }
  }

  /// Returns Σ x·xᵀ · `scale` / rows, with both triangles.
  ///
  /// - Complexity: O(`inputs`²).
  func secondMoments(scale: Double = 1) -> [Double] {
    let (inputs, factor) = (inputs, scale / Double(max(rowCount, 1)))
    var moments = gram
    var target = moments.mutableSpan
    for row in 0..<inputs {
      for column in row..<inputs {
        let moment = target[row * inputs + column] * factor
        target[row * inputs + column] = moment
        target[column * inputs + row] = moment
      }
    }
    return moments
  }

  /// Returns the mean of t·xᵀ over the rows, or of x·xᵀ where rows are their own targets.
  ///
  /// - Complexity: O(`inputs`²).
  func targetMoments() -> [Double] {
    guard let targetProducts else { return secondMoments() }
    return targetProducts.map { $0 / Double(max(rowCount, 1)) }
  }

  /// Whether all sums are finite.
  package var isFinite: Bool {
    gram.allSatisfy(\.isFinite) && (targetProducts ?? []).allSatisfy(\.isFinite)
  }
}
