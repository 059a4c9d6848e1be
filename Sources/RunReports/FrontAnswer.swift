import SparsityCore
import TextReports

/// The member of a front that a user's request leads to; its names are the fields of the JSON.
///
/// Among the members that meet all bounds it is the one that is best in the run's first objective
/// that no bound is about; of equal ones the best in the next such objective, then in those that
/// are bounded, in the run's order, then the one proposed first. If none meets the bounds, it is
/// the one whose worst excess, relative to its limit, is the least.
package struct FrontAnswer: Encodable {
  /// What was asked for, as text.
  package let request: [String]
  /// Whether the member meets it.
  package let isMet: Bool
  /// The objective in which it is the best of those that do; absent if there is none.
  package let bestIn: String?
  /// The bounds that it does not meet.
  package let unmet: [String]
  /// The row of the member in the front, from 1; absent if the front has no members.
  package let row: Int?
  package let point: FrontReport.Point?
  /// The command that writes the pruned checkpoint; absent where there is no model.
  package let command: String?

  /// Looks for the member.
  ///
  /// - Parameter runDirectory: the run's folder as commands name it.
  /// - Throws: ``TextReports/ExplainedError`` if the run does not know what is asked for.
  package init(_ request: FrontRequest, of front: FrontReport, in runDirectory: String) throws {
    let rated = try front.points.enumerated().map { place, point in
      (
        place: place, point: point,
        violations: try request.bounds.map {
          try FrontRequest.violation(of: $0, by: point, in: front)
        }
      )
    }
    let order = Self.order(front.objectives.compactMap(Objective.init), request)
    func worst(_ violations: [Double]) -> Double { violations.max() ?? 0 }
    let meeting = rated.filter { worst($0.violations) <= FrontRequest.tolerance }
    let found =
      meeting.min { Self.precedes($0.point, $1.point, in: order) }
      ?? rated.min { one, other in
        let excess = (worst(one.violations), worst(other.violations))
        return excess.0 == excess.1
          ? Self.precedes(one.point, other.point, in: order) : excess.0 < excess.1
      }
    self.request = request.bounds.map(\.description)
    isMet = !meeting.isEmpty
    bestIn = isMet ? order.first?.rawValue : nil
    unmet = zip(request.bounds, found?.violations ?? [])
      .filter { $0.1 > FrontRequest.tolerance }.map(\.0.description)
    row = found.map { $0.place + 1 }
    point = found?.point
    command = found.flatMap { found in
      guard found.point.density != nil else { return nil }
      let row = found.place + 1
      return "elsa prune --run \(Self.shellWord(runDirectory)) --point \(row) "
        + "--output point\(row).safetensors"
    }
  }

  /// Returns a run's objectives in the order in which members that meet a request are compared.
  private static func order(_ objectives: [Objective], _ request: FrontRequest) -> [Objective] {
    objectives.filter { !request.bounds($0) } + objectives.filter { request.bounds($0) }
  }

  /// Whether a member is preferred to another.
  private static func precedes(
    _ one: FrontReport.Point, _ other: FrontReport.Point, in order: [Objective]
  ) -> Bool {
    for objective in order {
      guard let own = one.value(of: objective), let value = other.value(of: objective) else {
        continue
      }
      if own != value { return objective.minimized(own) < objective.minimized(value) }
    }
    return one.candidate < other.candidate
  }

  /// Returns a text as one word for a shell.
  private static func shellWord(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || "/._-+:@%,".utf8.contains(byte)
    }
    if isPlain, !text.isEmpty { return text }
    return "'"
      + text.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }
}

// MARK: - Text

extension FrontAnswer {
  /// The answer for users.
  package func lines(of front: FrontReport) -> [String] {
    let request = request.joined(separator: ", ")
    guard let point, let row else { return ["the front has no member yet: \(request)"] }
    var lines: [String] = []
    if isMet {
      lines.append("point \(row), candidate #\(point.candidate), is the best")
      lines[0] += bestIn.map { " in \($0)" } ?? ""
      lines[0] += " with \(request)"
    } else {
      lines.append("no member of the front has \(request)")
      lines.append(
        "nearest is point \(row), candidate #\(point.candidate), without "
          + unmet.joined(separator: ", "))
    }
    let texts = [("accuracy", accuracyText(of: point))] + costTexts(of: point, in: front)
    let nameWidth = max(12, 2 + (texts.map(\.0.count).max() ?? 0))
    for (name, text) in texts {
      lines.append(name + String(repeating: " ", count: nameWidth - name.count) + text)
    }
    lines.append("decisions")
    let decisions = point.genome.decisions.sorted { Self.isBefore($0.key, $1.key) }
    let width = decisions.map(\.key.count).max() ?? 0
    lines += decisions.map { name, choice in
      "  " + name + String(repeating: " ", count: width - name.count) + "  \(choice)"
    }
    if let command { lines.append("prune with  \(command)") }
    return lines
  }

  private func accuracyText(of point: FrontReport.Point) -> String {
    var text = NumberFormat.percent(point.accuracy) + FrontReport.text(point.accuracyInterval)
    if point.accuracyLoss != nil {
      text += ", \(FrontReport.lossText(point)) points below dense"
    }
    if let confirm = point.confirmAccuracy {
      text += ", \(NumberFormat.percent(confirm)) on the confirm set"
    }
    if let test = point.testAccuracy { text += ", \(NumberFormat.percent(test)) on the test set" }
    return text
  }

  /// What a member costs, as far as it is known.
  private func costTexts(
    of point: FrontReport.Point, in front: FrontReport
  ) -> [(name: String, text: String)] {
    var texts: [(name: String, text: String)] = []
    func add(_ quantity: Quantity, _ text: (Double, _ batch: Int) -> String) {
      let named = quantity.dependsOnAccelerator ? front.accelerators : nil
      for (accelerator, batch) in named?.map({ ($0.name as String?, $0.batch) })
        ?? [(nil, front.batch)]
      {
        let objective = Objective(quantity, on: accelerator)
        guard let value = point.value(of: objective) else { continue }
        let ratio = front.denseValue(of: objective).map {
          ", \(NumberFormat.fixed(value / $0, 2)) × dense"
        }
        texts.append((objective.rawValue, text(value, batch) + (ratio ?? "")))
      }
    }
    add(.throughput) { value, _ in "\(NumberFormat.fixed(value, 1)) images/s" }
    add(.latency) { value, batch in "\(NumberFormat.short(value * 1e3)) ms a batch of \(batch)" }
    add(.energy) { value, _ in "\(NumberFormat.fixed(value * 1e3, 3)) mJ an image" }
    add(.weightBytes) { value, _ in NumberFormat.bytes(Int64(value)) }
    add(.macs) { value, _ in "\(NumberFormat.scaled(Int64(value))) an image" }
    return texts
  }

  /// Whether a decision's name stands before another's: numbers in names count as numbers.
  private static func isBefore(_ one: String, _ other: String) -> Bool {
    let (own, others) = (one.split(separator: "."), other.split(separator: "."))
    for (part, otherPart) in zip(own, others) where part != otherPart {
      if let number = Int(part), let otherNumber = Int(otherPart) { return number < otherNumber }
      return part < otherPart
    }
    return own.count < others.count
  }
}
