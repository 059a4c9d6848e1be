import ArgumentParser
import TextReports

/// The check of a number that an option gives.
enum OptionRange {
  /// Refuses a number out of range.
  static func check(_ option: String, _ value: Int?, in allowed: ClosedRange<Int>) throws {
    guard let value, !allowed.contains(value) else { return }
    throw ValidationError("\(option) is \(value); allowed is \(text(allowed)).")
  }

  /// A range as help and errors write it, as in `1…256`.
  static func text(_ range: ClosedRange<Int>) -> String {
    "\(range.lowerBound)…\(range.upperBound)"
  }

  /// A range of fractions in the same way.
  static func text(_ range: ClosedRange<Double>) -> String {
    "\(NumberFormat.short(range.lowerBound))…\(NumberFormat.short(range.upperBound))"
  }
}
