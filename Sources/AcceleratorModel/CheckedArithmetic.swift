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

/// Returns a number that is not negative in 64 bits.
///
/// - Throws: ``AcceleratorError/tooLarge(_:)`` with `name` if it does not fit.
func checked(_ value: Int128, of name: StaticString) throws(AcceleratorError) -> Int64 {
  precondition(value >= 0)
  guard value <= Int128(Int64.max) else { throw .tooLarge("\(name)") }
  return Int64(value)
}

/// Returns the quotient rounded up.
func ceilingQuotient(_ dividend: Int, by divisor: Int) -> Int {
  precondition(dividend > 0)
  precondition(divisor > 0)
  return (dividend - 1) / divisor + 1
}

/// Returns the quotient rounded up, of a dividend that may be zero.
func ceilingQuotient(_ dividend: Int128, by divisor: Int128) -> Int128 {
  precondition(dividend >= 0)
  precondition(divisor > 0)
  let raised = dividend + divisor - 1
  // A division of 64 bits takes a fraction of the time.
  if raised <= Int128(Int64.max) { return Int128(Int64(raised) / Int64(divisor)) }
  return raised / divisor
}

/// The parts that fractions of a profile are counted in: millionths.
let millionths = 1_000_000

/// Returns the base-2 logarithm in units of 2⁻¹⁶, the same on every machine.
///
/// The fractional bits come from repeated squaring of the number's mantissa.
func fixedPointLogarithm(_ value: Int) -> Int {
  precondition(value > 0)
  let whole = Int.bitWidth - 1 - value.leadingZeroBitCount
  // The mantissa in 1 ..< 2, with 31 fractional bits.
  var mantissa = whole <= 31 ? UInt64(value) << UInt64(31 - whole) : UInt64(value >> (whole - 31))
  var result = whole
  for _ in 0..<16 {
    mantissa = (mantissa * mantissa) >> 31
    result <<= 1
    if mantissa >= 1 << 32 {
      mantissa >>= 1
      result |= 1
    }
  }
  return result
}

/// Returns a number of millionths as a decimal number without needless zeros, as in `0.72`.
func decimalText(millionths parts: Int) -> String {
  precondition(parts >= 0)
  guard parts % millionths > 0 else { return "\(parts / millionths)" }
  var digits = String(millionths + parts % millionths).dropFirst()
  while digits.last == "0" { digits.removeLast() }
  return "\(parts / millionths).\(digits)"
}
