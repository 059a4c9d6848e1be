import Coordination
import SparsityCore
import WireProtocol

/// How a simulated run went.
package struct SimulationReport: Sendable {
  package let seed: UInt64
  /// What went wrong on purpose.
  package let plan: FaultPlan
  /// What went wrong in truth, as text; empty if all is well.
  package let violations: [String]
  /// The hash of everything that was sent, written and delivered, with times.
  package let digest: ContentHash
  /// In which order the search was told about results.
  package let order: CommitOrder
  /// The hash of the proposals and evaluations, in their order.
  package let outcome: ContentHash
  /// The virtual time at the end, in milliseconds.
  package let endTime: Int
  /// The events that were worked off.
  package let eventCount: Int
  /// The messages that were delivered.
  package let deliveredCount: Int
  /// The candidates evaluated.
  package let evaluationCount: Int
  /// The candidates quarantined.
  package let quarantinedCount: Int
  /// The candidates quarantined though a peer could have evaluated them.
  package let needlessQuarantineCount: Int
  /// The candidates of which a worker that computes wrongly has evaluated a part.
  package let wrongEvaluationCount: Int
  /// The evaluations that workers completed; more than shards if some were repeated.
  package let computedShardCount: Int
  /// The share of the slots' time, from loaded inputs to the end of process or run, that went into
  /// evaluations that were the first of their shards.
  package let utilization: Double
  /// The most workers that one candidate has killed while they tried it alone.
  package let killCountMax: Int
  /// What the coordinator's last life has counted.
  package let counters: CoordinatorCounters
  /// The shards in the journal.
  package let durableShardCount: Int

  /// Whether no rule was broken.
  package var isGreen: Bool { violations.isEmpty }
}

extension SimulationReport: CustomStringConvertible {
  /// A line for a green run, several for a red one.
  package var description: String {
    let head =
      "seed \(seed): \(counted(evaluationCount, "evaluation")), \(quarantinedCount) quarantined, "
      + "\(counted(durableShardCount, "shard")) (\(computedShardCount) computed), slots busy "
      + "\(Int(utilization * 1_000) / 10).\(Int(utilization * 1_000) % 10) %, "
      + "\(counted(deliveredCount, "message")) in \(endTime) ms, digest \(digest.abbreviated)"
    guard !isGreen else { return head }
    return ([head, "  plan: \(plan)"] + violations.map { "  broken: \($0)" })
      .joined(separator: "\n")
  }
}

/// What a simulation is limited to.
package struct SimulationOptions: Sendable {
  /// The virtual milliseconds that a run may take after its faults beyond what its work takes.
  package var patience: Int
  /// The events after which a run is given up.
  package var eventCountMax: Int
  /// The order in which the search is told; `nil` lets the seed decide.
  package var order: CommitOrder?
  /// The workers at the start; `nil` lets the seed decide.
  package var workerCount: Int?
  /// The candidates that may be proposed; `nil` lets the seed decide.
  package var evaluationCount: Int?
  /// The relative speeds of workers without faults, one slot each; `nil` lets the seed decide.
  package var speeds: [Int]?
  /// Workers that die for reasons of their own, as the only fault; `nil` lets the seed decide.
  package var mortality: Mortality?

  /// How long workers live.
  package struct Mortality: Hashable, Sendable {
    /// The shards that a worker evaluates on average before it dies.
    package var meanLifeShards: Int
    /// Whether one candidate in twelve kills every worker that evaluates it, besides.
    package var hasPoison: Bool

    package init(meanLifeShards: Int, hasPoison: Bool = false) {
      precondition(meanLifeShards >= 1)
      self.meanLifeShards = meanLifeShards
      self.hasPoison = hasPoison
    }
  }

  package init(
    patience: Int = 200_000, eventCountMax: Int = 400_000, order: CommitOrder? = nil,
    workerCount: Int? = nil, evaluationCount: Int? = nil, speeds: [Int]? = nil,
    mortality: Mortality? = nil
  ) {
    precondition(patience > 0)
    precondition(eventCountMax > 0)
    self.patience = patience
    precondition(workerCount ?? 1 > 0)
    self.eventCountMax = eventCountMax
    self.order = order
    self.workerCount = workerCount
    precondition(evaluationCount ?? 1 > 0)
    self.evaluationCount = evaluationCount
    self.speeds = speeds
    self.mortality = mortality
  }
}
