import SparsityCore
import TextReports

extension FrontReport {
  /// A column of the table: its heading, and the text of a point.
  typealias Column = (
    heading: String, alignment: TextTable.Alignment, text: (Point) -> String
  )

  /// The report for users.
  package var lines: [String] {
    let columns = columns
    var table = TextTable([("point", .right)] + columns.map { ($0.heading, $0.alignment) })
    for (index, point) in points.enumerated() {
      table.append(["\(index + 1)"] + columns.map { $0.text(point) })
    }
    return (points.isEmpty ? [] : table.lines + [""]) + denseLines + [
      "hypervolume \(NumberFormat.fixed(hypervolume, 4)) "
        + "(\(objectives.joined(separator: " × ")), reference point \(referenceText)), "
        + "\(counted(evaluations, "evaluation")), \(points.count) on the front",
      "computed in \(numerics)" + (bankArithmetic.map { ", weights calibrated in \($0)" } ?? ""),
    ] + confirmLines + emptinessLines + quarantineLines + discardLines
  }

  /// The columns behind the number of the point; what is not known of any point has none.
  private var columns: [Column] {
    func isKnown<Value>(_ value: (Point) -> Value?) -> Bool {
      points.contains { value($0) != nil }
    }
    let isNetwork = isKnown(\.density)
    var columns: [Column] = [
      ("candidate", .right, { "#\($0.candidate)" }),
      (isNetwork ? "layers by pattern" : "choices", .left, { Self.summary($0.genome) }),
    ]
    if isNetwork {
      columns.append(("density", .right, { Self.fixed($0.density, 3) }))
    }
    columns += accuracyColumns
    if isKnown(\.confirmAccuracy) {
      columns.append(("on confirm set (95 %)", .right, Self.confirmText))
    }
    if isKnown(\.testAccuracy) {
      columns.append(
        ("on test set", .right, { $0.testAccuracy.map(NumberFormat.percent) ?? "" }))
    }
    columns += self.columns(of: .throughput)
    if isKnown(\.macs) {
      columns.append(("MACs/image", .right, { $0.macs.map(NumberFormat.scaled) ?? "" }))
    }
    if let spread = spreadColumn(of: .latency) { columns.append(spread) }
    columns += self.columns(of: .energy)
    if let spread = spreadColumn(of: .energy) { columns.append(spread) }
    columns += self.columns(of: .weightBytes)
    if Set(points.flatMap { $0.keys ?? [] }).count > 1 {
      columns.append(("measured with", .left, { Self.summary(ofKeys: $0.keys ?? []) }))
    }
    return columns
  }

  /// The columns about what depends on the accelerator, for each of them: throughputs always, other
  /// quantities where they are objectives or measured.
  private func columns(of quantity: Quantity) -> [Column] {
    let names = accelerators?.map { $0.name as String? } ?? [nil]
    return names.flatMap { name -> [Column] in
      let objective = Objective(quantity, on: name)
      let mark = name.map { "\(Objective.separator)\($0)" } ?? ""
      guard points.contains(where: { $0.value(of: objective) != nil }) else { return [] }
      switch quantity {
      case .throughput:
        let rate: Column = (
          heading("images/s\(mark)", of: .latency), .right,
          { Self.fixed($0.value(of: objective), 1) }
        )
        guard let dense = denseValue(of: objective) else { return [rate] }
        let ratio: Column = (
          "× dense\(mark)", .right, { Self.fixed($0.value(of: objective).map { $0 / dense }, 2) }
        )
        return [rate, ratio]
      case .energy where objectives.contains(objective.rawValue) || isMeasured(.energy):
        return [
          (
            heading("mJ/image\(mark)", of: .energy), .right,
            { Self.fixed($0.value(of: objective).map { $0 * 1e3 }, 3) }
          )
        ]
      case .weightBytes where objectives.contains(objective.rawValue):
        return [
          (
            "weights\(mark)", .right,
            { $0.value(of: objective).map { NumberFormat.bytes(Int64($0)) } ?? "" }
          )
        ]
      default: return []
      }
    }
  }

  private func isMeasured(_ quantity: Objective) -> Bool {
    measured?.contains(quantity.rawValue) ?? false
  }

  private func heading(_ text: String, of quantity: Objective) -> String {
    isMeasured(quantity) ? "\(text), measured" : text
  }

  /// The column of what repeated measurements gave, in thousandths of the quantity's unit.
  private func spreadColumn(of quantity: Objective) -> Column? {
    guard isMeasured(quantity) else { return nil }
    let unit = quantity == .latency ? "ms" : "mJ"
    return (
      "\(unit), least to greatest", .right,
      { point in
        guard let spread = point.measured?[quantity.rawValue] else { return "" }
        return
          "\(NumberFormat.short(spread.least * 1e3))–\(NumberFormat.short(spread.greatest * 1e3))"
      }
    )
  }

  private static func fixed(_ value: Double?, _ digits: Int) -> String {
    value.map { NumberFormat.fixed($0, digits) } ?? ""
  }

  /// The names of the first keys, and how many more there are.
  private static func summary(ofKeys names: [String]) -> String {
    let shown = names.prefix(2).joined(separator: ", ")
    return names.count > 2 ? "\(shown) and \(names.count - 2) more" : shown
  }

  /// The most quarantined candidates that are shown to users one by one.
  private static let quarantineLineCountMax = 10

  /// The quarantined candidates, a line each.
  private var quarantineLines: [String] {
    guard !quarantined.isEmpty else { return [] }
    var lines = ["", "quarantined, not evaluated:"]
    for entry in quarantined.prefix(Self.quarantineLineCountMax) {
      lines.append("  #\(entry.candidate) (\(Self.summary(entry.genome))): \(entry.reason)")
    }
    let rest = quarantined.count - Self.quarantineLineCountMax
    if rest > 0 { lines.append("  and \(rest) more; see --json") }
    return lines
  }

  /// The keys whose results count no more, a line each.
  private var discardLines: [String] {
    guard let discardedKeys else { return [] }
    return ["", "trusted no more, what they have delivered is measured again:"]
      + discardedKeys.map { "  key \($0.key): \($0.reason)" }
  }

  /// What is quarantined in one sentence, or `nil` if nothing is.
  package var quarantineSummary: String? {
    guard let first = quarantined.first else { return nil }
    if quarantined.count == 1 {
      return "candidate #\(first.candidate) is quarantined and was not evaluated (\(first.reason))"
    }
    return "\(quarantined.count) candidates are quarantined and were not evaluated, the first is "
      + "#\(first.candidate) (\(first.reason))"
  }

  /// Why the hypervolume is nothing.
  private var emptinessLines: [String] {
    if points.isEmpty { return missLines }
    guard hypervolume == 0 else { return [] }
    return [
      "no member is better than the reference point in every objective; a run file may name another"
        + " (referencePoint)"
    ]
  }

  private var referenceText: String {
    objectives.map { "\($0) \(NumberFormat.short(referencePoint[$0] ?? 0))" }
      .joined(separator: ", ")
  }

  /// The decisions that are shown one by one where choices are no patterns.
  private static let shownDecisionCountMax = 4

  /// Returns how many decisions take each choice, as in `4× 4:4, 20× 2:4`; of few that are no
  /// patterns, what each takes.
  private static func summary(_ genome: GenomeEntry) -> String {
    let decisions = genome.decisions
    if decisions.count <= shownDecisionCountMax,
      !decisions.values.allSatisfy({ NMPattern($0) != nil })
    {
      return decisions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        .joined(separator: ", ")
    }
    let counts = Dictionary(grouping: genome.decisions.values) { $0 }.mapValues(\.count)
    if counts.count == 1, let pattern = counts.keys.first { return "all \(pattern)" }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value)× \($0.key)" }.joined(separator: ", ")
  }
}
