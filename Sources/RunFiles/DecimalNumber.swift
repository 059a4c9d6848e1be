/// A decimal number as it is written, so that fractions are read exactly.
struct DecimalNumber {
  /// Whether a minus sign stands before it.
  let isNegative: Bool
  /// The digits without point and sign.
  private let digits: [UInt8]
  /// The power of ten that the digits, read as a whole number, are multiplied by.
  private let exponent: Int

  /// Reads a number such as `-3`, `0.72` or `2.039e12`, or returns `nil`.
  init?(_ text: String) {
    var rest = Substring(text)
    isNegative = rest.first == "-"
    if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
    var power = 0
    if let mark = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
      guard let stated = Int(rest[rest.index(after: mark)...]), (-100...100).contains(stated)
      else { return nil }
      power = stated
      rest = rest[..<mark]
    }
    let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, !parts.allSatisfy(\.isEmpty) else { return nil }
    let written = Array(parts.joined().utf8)
    guard written.count <= 60, written.allSatisfy({ (48...57).contains($0) }) else { return nil }
    digits = written.map { $0 - 48 }
    exponent = power - (parts.count == 2 ? parts[1].count : 0)
  }

  /// Returns the number of millionths, or of ones if `scale` is 0; `nil` if it is no whole number
  /// of them or does not fit.
  func scaled(byPowerOfTen scale: Int) -> Int? {
    var digits = digits
    var power = exponent + scale
    while power < 0, digits.last == 0 {
      digits.removeLast()
      power += 1
    }
    if digits.allSatisfy({ $0 == 0 }) { return 0 }
    guard power >= 0 else { return nil }
    var value = 0
    for digit in digits + [UInt8](repeating: 0, count: min(power, 40)) {
      let (product, hasOverflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, hasCarried) = product.addingReportingOverflow(Int(digit))
      guard !hasOverflowed, !hasCarried else { return nil }
      value = sum
    }
    return power <= 40 ? (isNegative ? -value : value) : nil
  }
}

extension YAMLValue {
  /// Returns a whole number in `range`, which may be written as in `2.039e12`.
  func count(in range: ClosedRange<Int>) throws(RunFileError) -> Int {
    try number(scale: 0, in: range, diagnostic: "a whole number")
  }

  /// Returns a number with at most six decimals in millionths.
  func millionths(in range: ClosedRange<Int>) throws(RunFileError) -> Int {
    try number(scale: 6, in: range, diagnostic: "a number with at most six decimals")
  }

  private func number(
    scale: Int, in range: ClosedRange<Int>, diagnostic: String
  ) throws(RunFileError) -> Int {
    let text = try string()
    guard let number = DecimalNumber(text), let value = number.scaled(byPowerOfTen: scale) else {
      let example = scale == 0 ? "1e9" : "0.72"
      throw error("\(name) is \"\(excerpt(text))\"; write \(diagnostic), as in \(example)")
    }
    guard range.contains(value) else {
      let bounds = [range.lowerBound, range.upperBound].map { bound in
        scale == 0 ? "\(bound)" : "\(Double(bound) / 1e6)"
      }
      throw error("\(name) is \(text); it must lie in \(bounds[0])…\(bounds[1])")
    }
    return value
  }
}
