import Foundation
import SparsityCore
import TextReports

extension FrontReport {
  /// What is said of a front that has no member since no candidate meets the constraints.
  var missLines: [String] {
    guard let constraints, let miss = nearestMiss else { return [] }
    return [
      "", "no candidate meets the constraints: \(constraints.joined(separator: ", "))",
      "nearest is candidate #\(miss.candidate) with \(texts(of: miss).joined(separator: ", "))",
    ] + advice(for: miss)
  }

  /// What the nearest candidate has of all objectives.
  private func texts(of miss: Point) -> [String] {
    objectives.compactMap(Objective.init).compactMap { objective in
      guard let value = miss.value(of: objective) else { return nil }
      guard objective != .accuracy else {
        return "accuracy \(NumberFormat.percent(value))"
          + (miss.accuracyLoss.map { ", \(NumberFormat.fixed($0 * 100, 2)) points below dense" }
            ?? "")
      }
      guard let dense = denseValue(of: objective) else {
        return "\(objective.rawValue) \(NumberFormat.short(value))"
      }
      return "\(objective.rawValue) \(NumberFormat.fixed(value / dense, 2)) × dense"
    }
  }

  /// The bound on the accuracy that the nearest candidate meets, as a run file has it: rounded so
  /// that it does.
  private func advice(for miss: Point) -> [String] {
    guard constraints?.contains(where: { $0.hasPrefix(Objective.accuracy.rawValue) }) ?? false
    else { return [] }
    let bound =
      if let loss = miss.accuracyLoss {
        "lossAtMost: \(NumberFormat.fixed((loss * 1000).rounded(.up) / 10, 1)) points"
      } else {
        "atLeast: \(NumberFormat.fixed((miss.accuracy * 1000).rounded(.down) / 1000, 3))"
      }
    return ["it would meet accuracy: {\(bound)}"]
  }
}
