import Foundation

/// Numbers as they are read.
package enum NumberFormat {
  /// Returns a number with a fixed number of decimals.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    String(format: "%.\(decimals)f", value)
  }

  /// Returns a number with as many digits as it needs, at most six.
  package static func short(_ value: Double) -> String {
    String(format: "%g", value)
  }

  /// Returns a fraction as a percentage, as in `82.9 %`.
  package static func percent(_ fraction: Double) -> String {
    "\(fixed(fraction * 100, 1)) %"
  }

  /// Returns a count with thin groups of three digits, as in `1 234 567`.
  package static func grouped(_ count: some BinaryInteger) -> String {
    let digits = String(count.magnitude)
    let groups = stride(from: digits.count, to: 0, by: -3).map { end in
      String(digits.dropFirst(max(0, end - 3)).prefix(min(3, end)))
    }
    return (count < 0 ? "-" : "") + groups.reversed().joined(separator: " ")
  }

  /// Returns a count in millions or billions, as in `1.25 G`.
  package static func scaled(_ count: some BinaryInteger) -> String {
    let value = Double(count)
    if value >= 1e9 { return "\(fixed(value / 1e9, 2)) G" }
    if value >= 1e6 { return "\(fixed(value / 1e6, 2)) M" }
    if value >= 1e3 { return "\(fixed(value / 1e3, 2)) k" }
    return "\(count)"
  }

  /// Returns a size in binary units, as in `611 KiB`.
  package static func bytes(_ count: some BinaryInteger) -> String {
    let value = Double(count)
    if value >= 0x1p30 { return "\(fixed(value / 0x1p30, 1)) GiB" }
    if value >= 0x1p20 { return "\(fixed(value / 0x1p20, 1)) MiB" }
    if value >= 0x1p10 { return "\(fixed(value / 0x1p10, 0)) KiB" }
    return "\(count) B"
  }

  /// Returns a time of seconds as `m:ss` or `h:mm:ss`.
  package static func time(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e7 else { return "?" }
    let whole = Int(seconds.rounded())
    let minutes = String(format: "%d:%02d", whole / 60 % 60, whole % 60)
    guard whole >= 3600 else { return minutes }
    return String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
  }
}
