/// Returns the product of two numbers that are not negative.
///
/// - Throws: ``AcceleratorError/tooLarge(_:)`` with `name` if the product leaves 64 bits.
func checkedProduct(
  _ first: Int64, _ second: Int, of name: StaticString
) throws(AcceleratorError) -> Int64 {
  precondition(first >= 0)
  precondition(second >= 0)
  let (product, hasOverflowed) = first.multipliedReportingOverflow(by: Int64(second))
  guard !hasOverflowed else { throw .tooLarge("\(name)") }
  return product
}

/// Returns the product of three numbers that are not negative.
///
/// - Throws: ``AcceleratorError/tooLarge(_:)`` with `name` if the product leaves 64 bits.
func checkedProduct(
  _ first: Int, _ second: Int, _ third: Int, of name: StaticString
) throws(AcceleratorError) -> Int64 {
  try checkedProduct(checkedProduct(Int64(first), second, of: name), third, of: name)
}

/// Returns the sum of two numbers that are not negative.
///
/// - Throws: ``AcceleratorError/tooLarge(_:)`` with `name` if the sum leaves 64 bits.
func checkedSum(
  _ first: Int64, _ second: Int64, of name: StaticString
) throws(AcceleratorError) -> Int64 {
  precondition(first >= 0)
  precondition(second >= 0)
  let (sum, hasOverflowed) = first.addingReportingOverflow(second)
  guard !hasOverflowed else { throw .tooLarge("\(name)") }
  return sum
}

/// Returns the quotient rounded up.
func ceilingQuotient(_ dividend: Int, by divisor: Int) -> Int {
  precondition(dividend > 0)
  precondition(divisor > 0)
  return (dividend - 1) / divisor + 1
}
