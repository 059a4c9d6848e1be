import Foundation

/// Curves of shares against evaluations with bands from quartile to quartile, as SVG.
package struct SearchChart: Sendable {
  /// A method at a budget.
  package struct Point: Sendable {
    let evaluations: Int
    let lower: Double
    let median: Double
    let upper: Double

    package init(evaluations: Int, lower: Double, median: Double, upper: Double) {
      self.evaluations = evaluations
      self.lower = lower
      self.median = median
      self.upper = upper
    }
  }

  /// A method.
  package struct Curve: Sendable {
    let name: String
    let points: [Point]

    package init(name: String, points: [Point]) {
      self.name = name
      self.points = points.sorted { $0.evaluations < $1.evaluations }
    }
  }

  private let title: String
  private let curves: [Curve]

  /// Colours that are told apart by those who see fewer of them, too (Okabe and Ito).
  private static let colors = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999",
    "#7A5C00",
  ]
  private static let plot = (left: 60.0, top: 40.0, width: 520.0, height: 340.0)

  package init(title: String, curves: [Curve]) {
    self.title = title
    self.curves = curves.filter { !$0.points.isEmpty }
  }

  /// The places of evaluations, on a logarithmic scale.
  private func x(_ evaluations: Int) -> Double {
    let all = curves.flatMap { $0.points.map { log(Double($0.evaluations)) } }
    let (least, greatest) = (all.min() ?? 0, all.max() ?? 1)
    let share = greatest > least ? (log(Double(evaluations)) - least) / (greatest - least) : 0.5
    return Self.plot.left + share * Self.plot.width
  }

  private func y(_ share: Double) -> Double {
    Self.plot.top + (1 - min(1, max(0, share))) * Self.plot.height
  }

  private static func text(_ value: Double) -> String { String(format: "%.1f", value) }

  private func place(_ evaluations: Int, _ share: Double) -> String {
    "\(Self.text(x(evaluations))),\(Self.text(y(share)))"
  }

  /// The drawing.
  package var svg: String {
    let plot = Self.plot
    let (right, bottom) = (plot.left + plot.width, plot.top + plot.height)
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 430\" "
        + "font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"800\" height=\"430\" fill=\"white\"/>",
      "<text x=\"\(plot.left)\" y=\"22\" font-size=\"14\">\(Self.escaped(title))</text>",
    ]
    for tenth in stride(from: 0, through: 10, by: 2) {
      let height = Self.text(y(Double(tenth) / 10))
      lines.append(
        "<path d=\"M\(plot.left),\(height)H\(right)\" stroke=\"#ddd\"/>"
          + "<text x=\"\(plot.left - 8)\" y=\"\(height)\" text-anchor=\"end\" dy=\"4\">"
          + "\(Self.text(Double(tenth) / 10))</text>")
    }
    for count in Set(curves.flatMap { $0.points.map(\.evaluations) }).sorted() {
      lines.append(
        "<text x=\"\(Self.text(x(count)))\" y=\"\(bottom + 18)\" text-anchor=\"middle\">"
          + "\(count)</text>")
    }
    lines.append(
      "<text x=\"\(plot.left + plot.width / 2)\" y=\"\(bottom + 38)\" text-anchor=\"middle\">"
        + "evaluations; share of the best known hypervolume, median and quartiles</text>")
    for (index, curve) in curves.enumerated() {
      let color = Self.colors[index % Self.colors.count]
      let upper = curve.points.map { place($0.evaluations, $0.upper) }
      let lower = curve.points.reversed().map { place($0.evaluations, $0.lower) }
      let middle = curve.points.map { place($0.evaluations, $0.median) }
      let height = plot.top + 16 * Double(index) + 10
      lines.append(
        "<polygon points=\"\((upper + lower).joined(separator: " "))\" fill=\"\(color)\" "
          + "fill-opacity=\"0.2\"/>")
      lines.append(
        "<polyline points=\"\(middle.joined(separator: " "))\" fill=\"none\" "
          + "stroke=\"\(color)\" stroke-width=\"2\"/>")
      lines.append(
        "<text x=\"\(right + 16)\" y=\"\(height)\" fill=\"\(color)\">"
          + "\(Self.escaped(curve.name))</text>")
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }
}
