/// Where a matrix lies in a buffer of numbers, and whether a product reads it transposed.
///
/// Element (i, j) of the stored, row-major matrix is at `offset + i · leadingDimension + j`, so
/// that a matrix may be a window of a wider one, such as one head's queries in a row of queries,
/// keys and values.
package struct MatrixLayout: Hashable, Sendable {
  /// The place of element (0, 0).
  package let offset: Int
  /// The distance between the first elements of neighbouring stored rows.
  package let leadingDimension: Int
  /// Whether the product takes the transpose of the stored matrix.
  package let isTransposed: Bool

  /// Creates the layout of a matrix whose stored rows are `leadingDimension` elements apart.
  package init(offset: Int = 0, leadingDimension: Int, isTransposed: Bool = false) {
    precondition(offset >= 0)
    precondition(leadingDimension > 0)
    self.offset = offset
    self.leadingDimension = leadingDimension
    self.isTransposed = isTransposed
  }

  /// Returns the first place behind a matrix that the product sees as `rows` × `columns`, or
  /// `nil` if its stored rows would overlap or its size overflows.
  package func end(rows: Int, columns: Int) -> Int? {
    let (storedRows, storedColumns) = isTransposed ? (columns, rows) : (rows, columns)
    guard storedRows > 0, storedColumns > 0 else { return nil }
    guard storedColumns <= leadingDimension else { return nil }
    let (start, overflows) = (storedRows - 1).multipliedReportingOverflow(by: leadingDimension)
    guard !overflows else { return nil }
    let (end, endOverflows) = start.addingReportingOverflow(offset)
    guard !endOverflows else { return nil }
    let (place, placeOverflows) = end.addingReportingOverflow(storedColumns)
    return placeOverflows ? nil : place
  }
}
