import SparsityCore

/// What goes wrong between the network and the coordinator in one simulated run: with connections,
/// with keys, and with peers that are no workers.
package struct ReceptionFaults: Hashable, Sendable {
  /// When the connections of workers break, and for how long they stay away.
  package var linkBreaks: [FaultPlan.Crash] = []
  /// When the coordinator's loop stands still, and for how long.
  package var stalls: [FaultPlan.Crash] = []
  /// When an operator asks a worker to leave.
  package var workerDrains: [FaultPlan.Crash] = []
  /// Whether peers come that are neither workers nor operators, or claim to be what they are not.
  package var hasStrangers = false
  /// Whether the holder of a key speaks for the sessions of others.
  package var hasImpostor = false
  /// The sessions that the coordinator may have in a run in which the holder of a key opens as
  /// many as it can.
  package var contestedSessionCount: Int?
  /// Whether connections are encrypted though nothing else wants keys.
  package var isEncrypted = false

  /// Draws faults for some plans, and for those with so many workers that their arrival is a rush.
  init?(using generator: inout SeededGenerator, plan: FaultPlan) {
    let isSpared = generator.chance(0.7)
    guard !isSpared || plan.isCrowd else { return nil }
    let span = 1...plan.healsAt
    func faults(
      _ probability: Double, _ countMax: Int, pauses: ClosedRange<Int>,
      _ generator: inout SeededGenerator
    ) -> [FaultPlan.Crash] {
      guard generator.chance(probability) else { return [] }
      return (0..<generator.number(in: 1...countMax)).map { _ in
        FaultPlan.Crash(
          process: generator.index(below: plan.workerCount), time: generator.number(in: span),
          pause: generator.number(in: pauses))
      }
    }
    linkBreaks = faults(0.6, plan.isCrowd ? 200 : 6, pauses: 20...12_000, &generator)
    // Some come back before they are missed.
    for index in linkBreaks.indices where linkBreaks[index].time.isMultiple(of: 2) {
      linkBreaks[index].pause = 20 + linkBreaks[index].pause % 380
    }
    stalls = faults(0.6, 12, pauses: 20...800, &generator)
    workerDrains = faults(0.4, 3, pauses: 0...0, &generator)
    hasStrangers = generator.chance(0.5)
    hasImpostor = generator.chance(0.5) && !plan.isCrowd
    if generator.chance(0.4), !plan.isCrowd {
      contestedSessionCount = generator.number(in: 40...200)
    }
    isEncrypted = hasImpostor || contestedSessionCount != nil || generator.chance(0.5)
  }
}

extension ReceptionFaults: CustomStringConvertible {
  /// The faults as text, for a failure's report.
  package var description: String {
    var parts = ["connections that end"]
    let counts = [
      ("broken connections", linkBreaks.count), ("stalls of the coordinator", stalls.count),
      ("drains of single workers", workerDrains.count),
    ]
    parts += counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
    if hasStrangers { parts.append("strangers") }
    if hasImpostor { parts.append("an impostor") }
    if let contestedSessionCount {
      parts.append("a key that wants all of \(contestedSessionCount) sessions")
    }
    if isEncrypted { parts.append("encryption") }
    return parts.joined(separator: "; ")
  }
}
