import SparsityCore
import TextReports

extension SensitivityReport {
  /// What was measured of each decision, the most sensitive first: by what the choice loses that
  /// loses most.
  var byDecision: [(decision: String, entries: [Entry])] {
    Dictionary(grouping: entries, by: \.decision)
      .map { ($0.key, $0.value) }
      .sorted { one, other in
        let (own, others) = (Self.worst(one.1), Self.worst(other.1))
        return own == others ? one.0 < other.0 : own > others
      }
  }

  private static func worst(_ entries: [Entry]) -> Double {
    entries.map { $0.lossRise ?? $0.accuracyLoss }.max() ?? 0
  }

  /// Whether losses are known; else accuracies are compared.
  var knowsLosses: Bool { entries.allSatisfy { $0.lossRise != nil } }

  /// The name of what is compared.
  var quantityText: String {
    knowsLosses ? "rise of the mean loss" : "percentage points lost"
  }

  /// What a choice loses, as the table and the chart have it.
  func value(of entry: Entry) -> Double {
    knowsLosses ? entry.lossRise ?? 0 : 100 * entry.accuracyLoss
  }

  /// The report for users.
  package var lines: [String] {
    var table = TextTable(
      [("decision", .left)] + choices.map { ($0, .right) }
        + [("points lost (95 %)", .right), ("× dense", .right)])
    for (decision, entries) in byDecision {
      let worst = entries.max { value(of: $0) < value(of: $1) }
      table.append(
        [decision]
          + choices.map { choice in
            entries.first { $0.choice == choice }
              .map { NumberFormat.fixed(value(of: $0), knowsLosses ? 4 : 2) } ?? ""
          } + [
            worst.map(Self.pointsText) ?? "",
            worst?.throughput.map { NumberFormat.fixed($0, 3) } ?? "",
          ])
    }
    return table.lines + [
      "",
      "\(quantityText) when one decision alone changes, the most sensitive first; points lost and",
      "throughput against dense are those of its costliest choice; \(pruning) on \(accelerator)",
      "dense: \(NumberFormat.percent(dense.accuracy)) of \(counted(dense.images, "image"))"
        + (denseLoss.map { ", mean loss \(NumberFormat.fixed($0, 4))" } ?? "")
        + "; \(measured) of \(counted(changes, "single change")) measured",
    ]
  }

  private static func pointsText(_ entry: Entry) -> String {
    let interval = entry.accuracyLossInterval
    return "\(NumberFormat.fixed(100 * entry.accuracyLoss, 2)) "
      + "(\(NumberFormat.fixed(100 * interval.lower, 2)) … "
      + "\(NumberFormat.fixed(100 * interval.upper, 2)))"
  }
}
