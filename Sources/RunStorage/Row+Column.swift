import GRDB

extension Row {
  /// Returns the value of a column, or `nil` if the file holds `NULL` or another kind of value.
  ///
  /// It is the only way by which this module reads a row: the subscripts that decode end the
  /// process where a damaged file has other values than the layout promises.
  func column<Value: DatabaseValueConvertible>(_ index: Int, as type: Value.Type) -> Value? {
    guard index < count else { return nil }
    let value: DatabaseValue = self[index]
    return Value.fromDatabaseValue(value)
  }
}
