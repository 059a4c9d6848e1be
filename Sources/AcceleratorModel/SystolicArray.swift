import SparsityCore

/// The closed-form cycle count of a systolic array that never waits for memory.
///
/// A product runs as F folds of L cycles that never overlap, and edge folds cost as much as full
/// ones. With k kept inputs, R rows and C columns:
///
/// | dataflow | F | L |
/// |---|---|---|
/// | ws | ⌈k/R⌉·⌈N/C⌉ | M + 2R + C − 2 |
/// | is | ⌈k/R⌉·⌈M/C⌉ | N + 2R + C − 2 |
/// | os | ⌈M/R⌉·⌈N/C⌉ | k + R + C − 2 |
///
/// It equals SCALE-Sim 3.0.0 in CALC mode, whose "Total Cycles" is the index of the last cycle,
/// F·L − 1.
struct SystolicArray {
  /// The rows of the array, R.
  let rows: Int
  /// The columns of the array, C.
  let columns: Int
  /// Which operand stays in the array.
  let dataflow: Dataflow

  /// Returns F·L of one product.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  func cycles(of product: MatrixProduct, pattern: NMPattern) throws(AcceleratorError) -> Int64 {
    let kept = pattern.keptCount(ofInputs: product.inputs)
    let rowFolds: Int
    let columnFolds: Int
    let cyclesPerFold: Int
    switch dataflow {
    case .weightStationary:
      rowFolds = ceilingQuotient(kept, by: rows)
      columnFolds = ceilingQuotient(product.outputs, by: columns)
      cyclesPerFold = product.tokens + 2 * rows + columns - 2
    case .inputStationary:
      rowFolds = ceilingQuotient(kept, by: rows)
      columnFolds = ceilingQuotient(product.tokens, by: columns)
      cyclesPerFold = product.outputs + 2 * rows + columns - 2
    case .outputStationary:
      rowFolds = ceilingQuotient(product.tokens, by: rows)
      columnFolds = ceilingQuotient(product.outputs, by: columns)
      cyclesPerFold = kept + rows + columns - 2
    }
    return try checkedProduct(rowFolds, columnFolds, cyclesPerFold, of: "the cycles")
  }
}

extension AcceleratorProfile {
  /// The engine that the profile describes.
  var engine: SystolicArray {
    SystolicArray(rows: rows, columns: columns, dataflow: dataflow)
  }
}
