import Foundation
import RunFiles
import RunStorage
import SparsityCore
import TextReports

extension HeldOutSet {
  /// The accuracy of a point on the set.
  var accuracy: WritableKeyPath<FrontReport.Point, Double?> {
    switch self {
    case .test: \.testAccuracy
    case .confirm: \.confirmAccuracy
    }
  }
}

/// What members of a front were measured to have on held-out sets, by candidate.
package struct HeldOutAccuracies {
  fileprivate let points: [Int: FrontReport.Point]
  fileprivate let denseConfirmAccuracy: Double?

  /// Takes what points of an earlier report have.
  package init(of points: [FrontReport.Point], denseConfirmAccuracy: Double? = nil) {
    self.denseConfirmAccuracy = denseConfirmAccuracy
    self.points = Dictionary(points.map { ($0.candidate, $0) }) { first, _ in first }
  }

  /// Reads what the report in a run directory holds.
  ///
  /// - Parameter notified: Is told what keeps the report from being read.
  init(in directory: RunDirectory, notified: (String) -> Void) {
    guard FileManager.default.fileExists(atPath: directory.front) else {
      self.init(of: [])
      return
    }
    do {
      let front = try FrontReport.read(directory.front)
      self.init(of: front.points, denseConfirmAccuracy: front.denseConfirmAccuracy)
    } catch {
      notified("\(directory.front) cannot be read and is not used: \(error)")
      self.init(of: [])
    }
  }
}

extension FrontReport {
  /// Returns the report with the accuracies on held-out sets, of members that have none.
  package func adding(_ known: HeldOutAccuracies) -> FrontReport {
    var report = self
    report.denseConfirmAccuracy = denseConfirmAccuracy ?? known.denseConfirmAccuracy
    for (index, point) in points.enumerated() {
      guard let known = known.points[point.candidate] else { continue }
      report.points[index].testAccuracy = point.testAccuracy ?? known.testAccuracy
      guard point.confirmAccuracy == nil else { continue }
      report.points[index].confirmAccuracy = known.confirmAccuracy
      report.points[index].confirmAccuracyInterval = known.confirmAccuracyInterval
    }
    return report.comparingConfirmed()
  }

  /// Returns the report with what the confirm set says once all members are measured on it: who is
  /// beaten, and how much luck the choice among candidates has brought in.
  func comparingConfirmed() -> FrontReport {
    var report = self
    let accuracies = points.compactMap(\.confirmAccuracy)
    guard !points.isEmpty, accuracies.count == points.count else { return self }
    if let dense, let denseConfirmAccuracy {
      let gaps = zip(points, accuracies).map { point, accuracy in
        (denseConfirmAccuracy - accuracy) - (dense.accuracy - point.accuracy)
      }
      report.selectionGap = gaps.reduce(0, +) / Double(gaps.count)
    }
    let costs = objectives.compactMap(Objective.init).filter { $0 != .accuracy }
    func costsNoMore(_ one: Point, _ other: Point) -> Bool {
      costs.allSatisfy { objective in
        guard let own = one.value(of: objective), let value = other.value(of: objective) else {
          return false
        }
        return objective.minimized(own) <= objective.minimized(value)
      }
    }
    for (index, point) in points.enumerated() {
      let rivals = zip(points, accuracies).filter { rival, accuracy in
        accuracy > accuracies[index] && costsNoMore(rival, point)
      }
      // The best of them, of equal ones the last: the cheapest, as the most accurate stand first.
      let best = rivals.enumerated().max {
        ($0.element.1, $0.offset) < ($1.element.1, $1.offset)
      }
      report.points[index].beatenBy = best?.element.0.candidate
    }
    return report
  }

  /// What the confirm set says, as lines for users.
  var confirmLines: [String] {
    guard !points.isEmpty, points.allSatisfy({ $0.confirmAccuracy != nil }) else { return [] }
    let beaten = "\(points.count { $0.beatenBy != nil }) of \(points.count) members beaten there"
    guard let selectionGap, let denseConfirmAccuracy else { return ["confirm set: \(beaten)"] }
    let loss = NumberFormat.fixed(100 * abs(selectionGap), 1)
    return [
      "confirm set: dense \(NumberFormat.percent(denseConfirmAccuracy)), against which members "
        + "lose \(loss) points \(selectionGap < 0 ? "less" : "more") than on the search set, which "
        + "chose them; \(beaten)"
    ]
  }

  /// Returns what a member has on the confirm set, and who beats it there.
  static func confirmText(_ point: Point) -> String {
    guard let accuracy = point.confirmAccuracy else { return "" }
    return NumberFormat.percent(accuracy) + text(point.confirmAccuracyInterval)
      + (point.beatenBy.map { ", #\($0) is better" } ?? "")
  }
}
