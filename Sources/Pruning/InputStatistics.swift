import LinearAlgebra

/// What calibration tells about the inputs of a layer: how many, and their products, as doubles.
///
/// Rows (tokens) arrive piece by piece; nothing of them is kept but the sums.
public struct InputStatistics: Hashable, Sendable {
  /// The inputs of the layer.
  public let inputs: Int
  /// The rows seen.
  public private(set) var rowCount: Int
  /// The Gram matrix Σ x·xᵀ, row-major; only its upper triangle is kept, zeros lie below.
  public private(set) var gram: [Double]

  /// Creates the statistics of no rows.
  public init(inputs: Int) {
    precondition(inputs > 0)
    self.inputs = inputs
    self.rowCount = 0
    self.gram = Array(repeating: 0, count: inputs * inputs)
  }

  /// Restores statistics from their parts, or returns `nil` if they do not fit together.
  public init?(inputs: Int, rowCount: Int, gram: [Double]) {
    guard inputs > 0, rowCount >= 0 else { return nil }
    guard gram.count == inputs * inputs else { return nil }
    self.inputs = inputs
    self.rowCount = rowCount
    self.gram = gram
  }

  /// Adds rows of inputs, one after the other.
  ///
  /// - Complexity: O(rows · `inputs`²).
  public mutating func add(rows: Span<Double>) {
    precondition(rows.count.isMultiple(of: inputs))
    let inputs = inputs
    rowCount += rows.count / inputs
    var products = gram.mutableSpan
    addGram(of: rows, width: inputs, to: &products)
  }

  /// Adds the rows that other statistics have seen.
  public mutating func add(_ other: InputStatistics) {
    precondition(other.inputs == inputs)
    rowCount += other.rowCount
    var products = gram.mutableSpan
    let added = other.gram.span
    for index in added.indices { products[index] += added[index] }
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

  /// Whether all sums are finite.
  public var isFinite: Bool { gram.allSatisfy(\.isFinite) }
}
