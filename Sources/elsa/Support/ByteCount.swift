import ArgumentParser

/// A size or rate as it is written: a number of bytes, or of binary units, as in `20G`.
struct ByteCount: ExpressibleByArgument, Hashable {
  /// The bytes.
  let bytes: Int

  /// Creates a size.
  init(bytes: Int) {
    precondition(bytes > 0)
    self.bytes = bytes
  }

  /// Reads a whole number above zero with the unit K, M, G or T, or with none; or returns `nil`.
  init?(argument: String) {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let shift = argument.last.flatMap { units[Character($0.uppercased())] }
    let digits = shift == nil ? argument[...] : argument.dropLast()
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits), number > 0
    else { return nil }
    let (bytes, hasOverflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0))
    guard !hasOverflow else { return nil }
    self.bytes = bytes
  }

  /// The text that `--help` shows for a default.
  var defaultValueDescription: String { "\(bytes >> 30)G" }
}
