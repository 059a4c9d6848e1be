import Foundation

extension SensitivityReport {
  /// Colours from light to dark that are told apart by those who see fewer of them, too.
  private static let colors = ["#08306b", "#2171b5", "#6baed6", "#c6dbef", "#d9d9d9", "#f0f0f0"]
  private static let row = 14.0
  private static let plot = (left: 190.0, top: 64.0, width: 480.0)

  /// Bars of what each decision loses, the most sensitive first, as SVG.
  package var svg: String {
    let rows = byDecision
    let (plot, row) = (Self.plot, Self.row)
    let greatest = max(entries.map { value(of: $0) }.max() ?? 0, .leastNormalMagnitude)
    let height = plot.top + row * Double(rows.count) + 40
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 \(Self.text(height))\" "
        + "font-family=\"sans-serif\" font-size=\"10\">",
      "<rect width=\"720\" height=\"\(Self.text(height))\" fill=\"white\"/>",
      "<text x=\"10\" y=\"22\" font-size=\"14\">"
        + "\(Self.escaped(model)): \(quantityText), one decision at a time</text>",
    ]
    for (place, choice) in choices.enumerated() {
      let x = plot.left + 70 * Double(place)
      lines.append(
        "<rect x=\"\(Self.text(x))\" y=\"36\" width=\"10\" height=\"10\" "
          + "fill=\"\(Self.color(place))\"/>"
          + "<text x=\"\(Self.text(x + 14))\" y=\"45\">\(Self.escaped(choice))</text>")
    }
    for (number, (decision, entries)) in rows.enumerated() {
      let y = plot.top + row * Double(number)
      lines.append(
        "<text x=\"\(Self.text(plot.left - 6))\" y=\"\(Self.text(y + 9))\" "
          + "text-anchor=\"end\">\(Self.escaped(decision))</text>")
      // The longest behind, so that none hides another.
      for entry in entries.sorted(by: { value(of: $0) > value(of: $1) }) {
        let width = max(0, value(of: entry)) / greatest * plot.width
        let color = Self.color(choices.firstIndex(of: entry.choice) ?? 0)
        lines.append(
          "<rect x=\"\(Self.text(plot.left))\" y=\"\(Self.text(y))\" "
            + "width=\"\(Self.text(width))\" height=\"10\" fill=\"\(color)\"><title>"
            + "\(Self.escaped(entry.decision)) \(Self.escaped(entry.choice)): "
            + "\(Self.text(value(of: entry), digits: 4))</title></rect>")
      }
    }
    let bottom = plot.top + row * Double(rows.count)
    for quarter in 0...4 {
      let x = Self.text(plot.left + Double(quarter) / 4 * plot.width)
      lines.append(
        "<path d=\"M\(x),\(Self.text(plot.top - 4))V\(Self.text(bottom))\" stroke=\"#000\" "
          + "stroke-opacity=\"0.15\"/><text x=\"\(x)\" y=\"\(Self.text(bottom + 16))\" "
          + "text-anchor=\"middle\">\(Self.text(greatest * Double(quarter) / 4, digits: 3))</text>")
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private static func color(_ place: Int) -> String { colors[place % colors.count] }

  private static func text(_ value: Double, digits: Int = 1) -> String {
    String(format: "%.\(digits)f", value)
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }
}
