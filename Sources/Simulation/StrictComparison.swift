import SparsityCore

/// One run in strict mode with different workers, each with speeds and faults of its own.
public struct StrictComparison: Sendable {
  /// The numbers of workers that must make no difference.
  public static let workerCounts = [1, 2, 5]

  /// The reports, one for each number of workers.
  public let reports: [SimulationReport]

  /// Simulates the run of a seed with each number of workers.
  public init(seed: UInt64) {
    let options = Self.workerCounts.map {
      SimulationOptions(order: .strict(window: 4 + Int(seed % 9)), workerCount: $0)
    }
    reports = options.map { Simulator.run(seed: seed, options: $0) }
  }

  /// The reports whose outcomes must be equal.
  ///
  /// Who loses too many workers over a candidate gives it up, which no order can undo; and a worker
  /// that computes wrongly has its way if no other one has computed the same.
  public var comparable: [SimulationReport] {
    reports.filter { $0.needlessQuarantineCount == 0 && $0.wrongEvaluationCount == 0 }
  }

  /// Whether every run has kept the rules and all that can be compared have found the same.
  public var isGreen: Bool {
    reports.allSatisfy(\.isGreen) && Set(comparable.map(\.outcome)).count <= 1
  }
}
