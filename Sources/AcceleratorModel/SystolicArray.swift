import SparsityCore

/// The closed-form cycle count of a systolic array.
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
/// F·L − 1. An array with shadow registers loads the next weights while it computes: ws then takes
/// R + F·max(M, R) + R + C − 2.
package struct SystolicArray: Hashable, Sendable {
  /// The rows of the array, R.
  package let rows: Int
  /// The columns of the array, C.
  package let columns: Int
  /// Which operand stays in the array.
  package let dataflow: ArrayDataflow
  /// Whether weights load behind a computation; only weight-stationary.
  package let isShadowed: Bool
  /// Whether every sparse pattern runs as M/2 of M, as in SCALE-Sim's row-wise mode; only ws.
  package let isRowWise: Bool

  /// The sides that an array may have.
  package static let sideRange = 1...65536

  /// Creates an array.
  ///
  /// - Throws: ``AcceleratorError`` for a side out of range or a dataflow without shadow registers.
  package init(
    rows: Int, columns: Int, dataflow: ArrayDataflow, isShadowed: Bool = false,
    isRowWise: Bool = false
  ) throws(AcceleratorError) {
    for (name, value) in [("array rows", rows), ("array columns", columns)]
    where !Self.sideRange.contains(value) {
      throw .outOfRange(name: name, value: value, allowed: Self.sideRange)
    }
    if isShadowed || isRowWise {
      guard dataflow == .weightStationary else {
        throw .onlyWeightStationary(feature: isShadowed ? "shadowed" : "rowWise")
      }
    }
    self.rows = rows
    self.columns = columns
    self.dataflow = dataflow
    self.isShadowed = isShadowed
    self.isRowWise = isRowWise
  }

  /// Returns the inputs that occupy rows of the array: those kept, k.
  func keptInputs(of product: MatrixProduct, pattern: NMPattern) -> Int {
    guard isRowWise, !pattern.isDense else {
      return pattern.keptCount(ofInputs: product.inputs)
    }
    return pattern.groupSize * ceilingQuotient(product.inputs, by: 2 * pattern.groupSize)
  }

  /// Returns how one product runs in a dataflow.
  func schedule(
    of product: MatrixProduct, pattern: NMPattern, dataflow: Dataflow
  ) throws(AcceleratorError) -> Schedule {
    let kept = keptInputs(of: product, pattern: pattern)
    let (m, n) = (product.tokens, product.outputs)
    let rowFolds: Int
    let columnFolds: Int
    var cyclesPerFold: Int
    switch dataflow {
    case .weightStationary:
      rowFolds = ceilingQuotient(kept, by: rows)
      columnFolds = ceilingQuotient(n, by: columns)
      cyclesPerFold = m + 2 * rows + columns - 2
    case .inputStationary:
      rowFolds = ceilingQuotient(kept, by: rows)
      columnFolds = ceilingQuotient(m, by: columns)
      cyclesPerFold = n + 2 * rows + columns - 2
    case .outputStationary:
      rowFolds = ceilingQuotient(m, by: rows)
      columnFolds = ceilingQuotient(n, by: columns)
      cyclesPerFold = kept + rows + columns - 2
    }
    if isShadowed { cyclesPerFold = max(m, rows) }
    var schedule = Schedule(
      folds: try checkedProduct(rowFolds, columnFolds, 1, of: "the cycles"),
      cyclesPerFold: cyclesPerFold, extraCycles: isShadowed ? 2 * rows + columns - 2 : 0,
      accesses: Accesses())
    switch dataflow {
    case .weightStationary:
      schedule.inputPasses = columnFolds
      schedule.accumulationPasses = rowFolds
      schedule.accumulatedValues = try checkedProduct(m, min(columns, n), 1, of: "the sums")
      schedule.accesses.inputReads = Int128(m) * Int128(product.inputs) * Int128(columnFolds)
      schedule.accesses.weightReads = Int128(kept) * Int128(n)
    case .inputStationary:
      schedule.weightPasses = columnFolds
      schedule.accumulationPasses = rowFolds
      schedule.accumulatedValues = try checkedProduct(min(columns, m), n, 1, of: "the sums")
      schedule.accesses.inputReads = Int128(m) * Int128(kept)
      schedule.accesses.weightReads = Int128(kept) * Int128(n) * Int128(columnFolds)
    case .outputStationary:
      schedule.inputPasses = columnFolds
      schedule.weightPasses = rowFolds
      schedule.accesses.inputReads = Int128(m) * Int128(kept) * Int128(columnFolds)
      schedule.accesses.weightReads = Int128(kept) * Int128(n) * Int128(rowFolds)
    }
    let sums = Int128(m) * Int128(n)
    schedule.accesses.outputWrites = sums * Int128(schedule.accumulationPasses)
    schedule.accesses.outputReads = sums * Int128(schedule.accumulationPasses - 1)
    return schedule
  }
}
