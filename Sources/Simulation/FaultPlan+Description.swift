import SparsityCore

extension FaultPlan: CustomStringConvertible {
  /// The plan as text, for a failure's report.
  package var description: String {
    var parts = [
      isCrowd
        ? counted(workerCount, "worker")
        : "\(counted(workerCount, "worker")) with slots \(slotCounts)",
      "loss \(percent(lossProbability)), duplication \(percent(duplicationProbability))",
      "delays to \(delayMax) ms, writes \(writeTimes.lowerBound)…\(writeTimes.upperBound) ms",
    ]
    if writeFailureProbability > 0 {
      parts.append("failing writes \(percent(writeFailureProbability))")
    }
    parts += faultCounts.filter { $0.count > 0 }.map { "\($0.count) \($0.name)" }
    parts += oddities.filter(\.holds).map(\.name)
    if let lifetimes {
      parts.append("processes end after \(lifetimes.lowerBound)…\(lifetimes.upperBound) ms")
    }
    if let idleTimeout { parts.append("idle workers leave after \(idleTimeout) ms") }
    if let reception { parts.append("\(reception)") }
    return (parts + ["healed at \(healsAt) ms"]).joined(separator: "; ")
  }

  private var faultCounts: [(name: String, count: Int)] {
    var counts: [(name: String, count: Int)] = []
    counts.append(("worker crashes", workerCrashes.count))
    counts.append(("departures", departures.count))
    counts.append(("freezes", freezes.count))
    counts.append(("hangs", hangs.count))
    counts.append(("drains", drains.count))
    counts.append(("coordinator crashes", coordinatorCrashes.count))
    counts.append(("coordinator drains", coordinatorDrains.count))
    counts.append(("coordinator stops", coordinatorStops.count))
    counts.append(("partitions", partitions.count))
    counts.append(("clogged links", clogs.count))
    counts.append(("clock jumps", clockJumps.count))
    counts.append(("full disks", fullDisks.count))
    counts.append(("revoked keys", revocations.count))
    return counts
  }

  private var oddities: [(name: String, holds: Bool)] {
    [
      ("a worker with other costs", hasDeviantWorker), ("a sick worker", hasSickWorker),
      ("a worker with other bits", hasWrongWorker), ("a rogue peer", hasRogue),
      ("a forger", hasForger),
      ("lost farewells", losesFarewells),
      ("candidates that kill workers", hasPoison), ("evaluations that fail", hasFailures),
    ]
  }
}

/// Returns a fraction in whole percent.
private func percent(_ fraction: Double) -> String { "\(Int((fraction * 100).rounded())) %" }

extension SeededGenerator {
  /// Returns a number in a range.
  mutating func number(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + index(below: range.count)
  }

  /// Returns `true` with some probability.
  mutating func chance(_ probability: Double) -> Bool { unitInterval() < probability }
}
