/// Returns the product of `factors`, which are not negative.
///
/// - Throws: ``AcceleratorError/tooLarge(_:)`` with `name` if the product leaves 64 bits.
func checkedProduct(_ factors: [Int], of name: String) throws(AcceleratorError) -> Int64 {
  var product: Int64 = 1
  for factor in factors {
    precondition(factor >= 0)
    let (partial, hasOverflowed) = product.multipliedReportingOverflow(by: Int64(factor))
    guard !hasOverflowed else { throw .tooLarge(name) }
    product = partial
  }
  return product
}

/// Returns the sum of `terms`, which are not negative.
///
/// - Throws: ``AcceleratorError/tooLarge(_:)`` with `name` if the sum leaves 64 bits.
func checkedSum(
  _ terms: some Sequence<Int64>, of name: String
) throws(AcceleratorError) -> Int64 {
  var sum: Int64 = 0
  for term in terms {
    precondition(term >= 0)
    let (partial, hasOverflowed) = sum.addingReportingOverflow(term)
    guard !hasOverflowed else { throw .tooLarge(name) }
    sum = partial
  }
  return sum
}

/// Returns the quotient rounded up.
func ceilingQuotient(_ dividend: Int, by divisor: Int) -> Int {
  precondition(dividend > 0)
  precondition(divisor > 0)
  return (dividend - 1) / divisor + 1
}
