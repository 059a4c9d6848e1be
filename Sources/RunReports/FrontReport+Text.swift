import SparsityCore
import TextReports

extension FrontReport {
  /// The report for users.
  package var lines: [String] {
    let hasTest = points.contains { $0.testAccuracy != nil }
    var columns: [(heading: String, alignment: TextTable.Alignment)] = [
      ("point", .right), ("candidate", .right), ("layers by pattern", .left), ("density", .right),
      ("accuracy", .right),
    ]
    if hasTest { columns.append(("on test set", .right)) }
    columns += [("images/s", .right), ("× dense", .right), ("MACs/image", .right)]
    let hasEnergy = objectives.contains("energy")
    let hasBytes = objectives.contains("weightBytes")
    if hasEnergy { columns.append(("mJ/image", .right)) }
    if hasBytes { columns.append(("weights", .right)) }
    let hasKeys = Set(points.flatMap { $0.keys ?? [] }).count > 1
    if hasKeys { columns.append(("measured with", .left)) }
    var table = TextTable(columns)
    for (index, point) in points.enumerated() {
      var cells = [
        "\(index + 1)", "#\(point.candidate)", Self.summary(point.genome),
        NumberFormat.fixed(point.density, 3), NumberFormat.percent(point.accuracy),
      ]
      if hasTest { cells.append(point.testAccuracy.map(NumberFormat.percent) ?? "") }
      cells += [
        NumberFormat.fixed(point.throughput, 1),
        NumberFormat.fixed(point.throughput / denseThroughput, 2), NumberFormat.scaled(point.macs),
      ]
      if hasEnergy {
        cells.append(point.energyJoulesPerImage.map { NumberFormat.fixed($0 * 1e3, 3) } ?? "")
      }
      if hasBytes { cells.append(NumberFormat.bytes(point.weightBytes)) }
      if hasKeys { cells.append(Self.summary(ofKeys: point.keys ?? [])) }
      table.append(cells)
    }
    return table.lines + [
      "",
      "hypervolume \(NumberFormat.fixed(hypervolume, 4)) "
        + "(\(objectives.joined(separator: " × ")), reference point \(referenceText)), "
        + "\(counted(evaluations, "evaluation")), \(points.count) on the front",
      "computed in \(numerics)" + (bankArithmetic.map { ", weights calibrated in \($0)" } ?? ""),
    ] + quarantineLines + discardLines
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

  /// The report as comma-separated values, a line a point.
  package var csvLines: [String] {
    let heading =
      "candidate,density,accuracy,testAccuracy,throughput,latencySeconds,macs,"
      + "energyJoulesPerImage,weightBytes,meanLoss,decisions"
    return [heading]
      + points.map { point in
        let decisions = point.genome.decisions.sorted { $0.key < $1.key }
          .map { "\($0.key)=\($0.value)" }.joined(separator: ";")
        let energy = point.energyJoulesPerImage.map { "\($0)" } ?? ""
        let test = point.testAccuracy.map { "\($0)" } ?? ""
        let loss = point.meanLoss.map { "\($0)" } ?? ""
        return "\(point.candidate),\(point.density),\(point.accuracy),\(test),"
          + "\(point.throughput),\(point.latencySeconds),\(point.macs),"
          + "\(energy),\(point.weightBytes),\(loss),\(decisions)"
      }
  }

  private var referenceText: String {
    objectives.map { "\($0) \(NumberFormat.short(referencePoint[$0] ?? 0))" }
      .joined(separator: ", ")
  }

  /// Returns how many decisions take each choice, as in `4× 4:4, 20× 2:4`.
  private static func summary(_ genome: GenomeEntry) -> String {
    let counts = Dictionary(grouping: genome.decisions.values) { $0 }.mapValues(\.count)
    if counts.count == 1, let pattern = counts.keys.first { return "all \(pattern)" }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value)× \($0.key)" }.joined(separator: ", ")
  }
}
