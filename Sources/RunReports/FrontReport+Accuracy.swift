import SparsityCore
import TextReports

extension FrontReport {
  /// What the table says of accuracy on the search set.
  var accuracyColumns: [Column] {
    var columns: [Column] = [
      (
        "accuracy (95 %)", .right,
        { NumberFormat.percent($0.accuracy) + Self.text($0.accuracyInterval) }
      )
    ]
    if points.contains(where: { $0.accuracyLoss != nil }) {
      columns.append(("points lost (95 %)", .right, { Self.lossText($0) }))
    }
    return columns
  }

  /// What is known of the dense model, in a line.
  var denseLines: [String] {
    guard let dense else { return [] }
    return [
      "dense: \(NumberFormat.percent(dense.accuracy))\(Self.text(dense.accuracyInterval)) of "
        + "\(counted(dense.images, "image")); points lost are told from the same images"
    ]
  }

  /// Returns an interval of a fraction behind its value, as in ` (75.3–82.8)`.
  static func text(_ interval: ConfidenceInterval?) -> String {
    guard let interval else { return "" }
    return " (\(points(interval.lower))–\(points(interval.upper)))"
  }

  /// Returns what a point has lost against the dense model in percentage points, as in
  /// `1.2 (-0.3 to 2.7)`.
  static func lossText(_ point: Point) -> String {
    guard let loss = point.accuracyLoss else { return "" }
    let interval = point.accuracyLossInterval.map {
      " (\(points($0.lower)) to \(points($0.upper)))"
    }
    return points(loss) + (interval ?? "")
  }

  /// Returns a fraction in percentage points; never negative zero.
  private static func points(_ fraction: Double) -> String {
    let text = NumberFormat.fixed(fraction * 100, 1)
    return text == "-0.0" ? "0.0" : text
  }
}
