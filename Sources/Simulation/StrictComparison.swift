import SparsityCore

/// One run in strict mode with different workers, each with speeds and faults of its own.
package struct StrictComparison: Sendable {
  /// The numbers of workers that must make no difference.
  package static let workerCounts = [1, 2, 5]

  /// The reports, one for each number of workers.
  package let reports: [SimulationReport]

  /// Simulates the run of a seed with each number of workers.
  ///
  /// `trace` is given a line for each thing that happens.
  package init(seed: UInt64, trace: (@Sendable (String) -> Void)? = nil) {
    let options = Self.workerCounts.map {
      SimulationOptions(order: .strict(window: 4 + Int(seed % 9)), workerCount: $0)
    }
    reports = options.map { Simulator.run(seed: seed, options: $0, trace: trace) }
  }

  /// The reports whose outcomes must be equal.
  ///
  /// Who loses too many workers over a candidate gives it up, which no order can undo; and a worker
  /// that computes wrongly has its way if no other one has computed the same.
  package var comparable: [SimulationReport] {
    reports.filter { $0.needlessQuarantineCount == 0 && $0.wrongEvaluationCount == 0 }
  }

  /// Whether every run has kept the rules and all that can be compared have found the same.
  package var isGreen: Bool {
    reports.allSatisfy(\.isGreen) && Set(comparable.map(\.outcome)).count <= 1
  }
}
