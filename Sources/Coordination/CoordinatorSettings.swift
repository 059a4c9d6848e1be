import AcceleratorModel
import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Everything that a coordinator must be told before it starts.
package struct CoordinatorSettings: Sendable {
  /// What the run computes; sent to every worker.
  package var description: RunDescription
  /// What of the description's numerics is not fixed but chosen once, when workers have come.
  package var numericsWindow: NumericsWindow?
  /// What fixes the search.
  package var search: SearchSettings
  /// The algorithm in place of the one that ``search`` names, for tests of the coordinator.
  package var algorithm: (any SearchAlgorithm.Type)?
  /// In which order the search is told about results.
  package var order: CommitOrder
  /// When an evaluation ends before all images are measured; `nil` if none does.
  package var stopping: EarlyStopping?
  /// What a candidate costs and whether it may be evaluated.
  package var model: CandidateModel
  /// The objectives, minimised, up to which the hypervolume is measured.
  package var referencePoint: [Double]
  /// The settings of the search as a fixed text; a resumed run must have the same.
  package var settingsText: String
  /// What a new run's lease tokens are computed with; a run that goes on has its own.
  package var tokenSecret: [UInt8]
  /// What is measured again with another key.
  package var spotChecks: SpotCheckSettings
  /// The times after which things happen.
  package var timing: CoordinatorTiming
  /// The sizes that nothing exceeds.
  package var bounds: CoordinatorBounds

  /// What genomes decide about.
  package var space: SearchSpace { description.space }

  /// Whether a search begins anew when some of its results count no more: what follows depends on
  /// them in strict mode, and where accuracies are compared with that of the first candidate.
  package var restartsSearch: Bool {
    order != .asynchronous || search.accuracy?.floor?.reference != nil
  }

  package init(
    description: RunDescription, numericsWindow: NumericsWindow? = nil,
    search: SearchSettings, order: CommitOrder = .asynchronous,
    stopping: EarlyStopping? = nil, model: CandidateModel,
    referencePoint: [Double],
    settingsText: String, tokenSecret: [UInt8] = [],
    spotChecks: SpotCheckSettings = SpotCheckSettings(),
    timing: CoordinatorTiming = CoordinatorTiming(),
    bounds: CoordinatorBounds = CoordinatorBounds()
  ) {
    self.description = description
    self.numericsWindow = numericsWindow
    if case .strict(let window) = order {
      precondition(CommitOrder.windowRange.contains(window))
    }
    self.search = search
    self.order = order
    self.stopping = stopping
    self.model = model
    self.referencePoint = referencePoint
    self.settingsText = settingsText
    precondition([0, RunOpening.tokenSecretSize].contains(tokenSecret.count))
    self.tokenSecret = tokenSecret
    self.spotChecks = spotChecks
    self.timing = timing
    self.bounds = bounds
  }
}

/// What is measured again with another key than the first (see ``SpotChecks``).
package struct SpotCheckSettings: Hashable, Sendable {
  /// The share of all shards; with zero nothing is measured again, the front included.
  package var share: Double
  /// The name of the coordinator's own key, which nobody else holds: its findings are believed.
  package var trustedKey: String
  /// Whether workers with that key take ordinary shards, too.
  package var trustedKeyWorks: Bool
  /// Whether a worker with that key can be started when one is needed.
  package var hasAuditor: Bool

  /// The share of shards that are measured again unless the operator says otherwise.
  package static let usualShare = 0.02
  /// What the share may be.
  package static let shareRange = 0.0...1.0
  /// The usual name of the coordinator's own key; no other key may have it.
  package static let usualTrustedKey = "coordinator"

  package init(
    share: Double = Self.usualShare, trustedKey: String = Self.usualTrustedKey,
    trustedKeyWorks: Bool = false, hasAuditor: Bool = false
  ) {
    precondition(Self.shareRange.contains(share))
    self.share = share
    self.trustedKey = trustedKey
    self.trustedKeyWorks = trustedKeyWorks
    self.hasAuditor = hasAuditor
  }
}

/// What is known about a candidate before it is evaluated: exact and instant.
package struct CandidateModel: Sendable {
  /// Returns a genome's cost.
  package var cost: @Sendable (Genome) -> Cost
  /// Returns how far a genome is from meeting the constraints; 0 or less meets them.
  package var violation: @Sendable (Genome, Cost) -> Double
  /// Returns how far measured costs are from meeting the constraints; 0 or less meets them.
  package var measuredViolation: @Sendable (MeasuredCosts) -> Double

  /// Returns what an algorithm may ask about genomes.
  ///
  /// - Parameter objectives: those of the run.
  package func exactCosts(of objectives: [Objective]) -> ExactCosts {
    ExactCosts(
      violation: { [cost, violation] in violation($0, cost($0)) },
      objectives: { [cost] genome in
        let cost = cost(genome)
        return objectives.map { objective in cost.value(of: objective).map(objective.minimized) }
      },
      additive: { [cost] genome in
        let cost = cost(genome)
        return objectives.map { objective -> Double? in
          // Cycles add up, images a second do not.
          let isRate = objective.quantity == .throughput
          return cost.value(
            of: isRate ? Objective(.latency, on: objective.accelerator) : objective)
        }
      })
  }

  /// Creates a model from pure functions.
  package init(
    cost: @escaping @Sendable (Genome) -> Cost,
    violation: @escaping @Sendable (Genome, Cost) -> Double = { _, _ in 0 },
    measuredViolation: @escaping @Sendable (MeasuredCosts) -> Double = { _ in 0 }
  ) {
    self.measuredViolation = measuredViolation
    self.cost = cost
    self.violation = violation
  }
}

/// The times after which a coordinator acts.
package struct CoordinatorTiming: Hashable, Sendable {
  /// The time between two heartbeats of a worker.
  package var heartbeatInterval: Duration
  /// The time after which a lease expires without a heartbeat.
  package var leaseDuration: Duration
  /// The silence after which a session is given up.
  package var sessionTimeout: Duration
  /// The time without progress after which heartbeats no longer extend a worker's leases.
  package var stallTimeout: Duration
  /// The time between two attempts to write to a failing store.
  package var storageRetryInterval: Duration
  /// The time before the announced end of a worker at which its results must be there.
  package var departureMargin: Duration
  /// The time that a finished coordinator waits for the farewells of its workers.
  package var farewellTimeout: Duration

  /// Creates times; the default notices a frozen worker within five seconds.
  package init(
    heartbeatInterval: Duration = .seconds(1), leaseDuration: Duration = .seconds(4),
    sessionTimeout: Duration = .seconds(15), stallTimeout: Duration = .seconds(600),
    storageRetryInterval: Duration = .seconds(2), departureMargin: Duration = .seconds(3),
    farewellTimeout: Duration = .seconds(2)
  ) {
    precondition(heartbeatInterval >= .milliseconds(1))
    precondition(leaseDuration > heartbeatInterval)
    precondition(sessionTimeout >= leaseDuration)
    precondition(stallTimeout >= leaseDuration)
    precondition(storageRetryInterval > .zero)
    precondition(departureMargin >= .zero)
    precondition(farewellTimeout >= .zero)
    self.heartbeatInterval = heartbeatInterval
    self.leaseDuration = leaseDuration
    self.sessionTimeout = sessionTimeout
    self.stallTimeout = stallTimeout
    self.storageRetryInterval = storageRetryInterval
    self.departureMargin = departureMargin
    self.farewellTimeout = farewellTimeout
  }
}

/// The sizes that a coordinator never exceeds.
package struct CoordinatorBounds: Hashable, Sendable {
  /// The sessions at once; more are asked to come back later.
  package var sessionCountMax: Int
  /// The records that wait for the store; results beyond them are dropped and come again.
  package var waitingRecordCountMax: Int
  /// The leases of a worker for each of its slots: one runs, one waits.
  package var leasesPerSlotMax: Int
  /// The worker deaths and failed evaluations after which a candidate is quarantined.
  package var failureCountMax: Int
  /// The malformed frames after which a peer is refused.
  package var malformedCountMax: Int
  /// The refused sessions that are remembered.
  package var refusedCountMax: Int
  /// The records after which a snapshot is made; fewer at the end, more in a very long run.
  package var snapshotIntervalRecords: Int

  package init(
    sessionCountMax: Int = 10_000, waitingRecordCountMax: Int = 100_000,
    leasesPerSlotMax: Int = 2, failureCountMax: Int = 3, malformedCountMax: Int = 8,
    refusedCountMax: Int = 10_000, snapshotIntervalRecords: Int = 100_000
  ) {
    precondition(sessionCountMax > 0)
    precondition(waitingRecordCountMax > 0)
    precondition(leasesPerSlotMax > 0)
    precondition(failureCountMax > 0)
    precondition(malformedCountMax > 0)
    precondition(refusedCountMax > 0)
    precondition(snapshotIntervalRecords > 0)
    self.sessionCountMax = sessionCountMax
    self.waitingRecordCountMax = waitingRecordCountMax
    self.leasesPerSlotMax = leasesPerSlotMax
    self.failureCountMax = failureCountMax
    self.malformedCountMax = malformedCountMax
    self.refusedCountMax = refusedCountMax
    self.snapshotIntervalRecords = snapshotIntervalRecords
  }
}
