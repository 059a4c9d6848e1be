import AcceleratorModel
import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Everything that a coordinator must be told before it starts.
public struct CoordinatorSettings: Sendable {
  /// What the run computes; sent to every worker.
  public var description: RunDescription
  /// What of the description's numerics is not fixed but chosen once, when workers have come.
  public var numericsWindow: NumericsWindow?
  /// What fixes the search.
  public var search: SearchSettings
  /// In which order the search is told about results.
  public var order: CommitOrder
  /// What a candidate costs and whether it may be evaluated.
  public var model: CandidateModel
  /// The objectives, minimised, up to which the hypervolume is measured.
  public var referencePoint: [Double]
  /// The settings of the search as a fixed text; a resumed run must have the same.
  public var settingsText: String
  /// What a new run's lease tokens are computed with; a run that goes on has its own.
  public var tokenSecret: [UInt8]
  /// What is measured again with another key.
  public var spotChecks: SpotCheckSettings
  /// The times after which things happen.
  public var timing: CoordinatorTiming
  /// The sizes that nothing exceeds.
  public var bounds: CoordinatorBounds

  /// What genomes decide about.
  public var space: SearchSpace { description.space }

  /// Creates settings.
  public init(
    description: RunDescription, numericsWindow: NumericsWindow? = nil,
    search: SearchSettings, order: CommitOrder = .asynchronous, model: CandidateModel,
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
public struct SpotCheckSettings: Hashable, Sendable {
  /// The share of all shards; with zero nothing is measured again, the front included.
  public var share: Double
  /// The name of the coordinator's own key, which nobody else holds: its findings are believed.
  public var trustedKey: String
  /// Whether workers with that key take ordinary shards, too.
  public var trustedKeyWorks: Bool
  /// Whether a worker with that key can be started when one is needed.
  public var hasAuditor: Bool

  /// The share of shards that are measured again unless the operator says otherwise.
  public static let usualShare = 0.02
  /// What the share may be.
  public static let shareRange = 0.0...1.0
  /// The usual name of the coordinator's own key; no other key may have it.
  public static let usualTrustedKey = "coordinator"

  /// Creates settings.
  public init(
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
public struct CandidateModel: Sendable {
  /// Returns a genome's cost.
  public var cost: @Sendable (Genome) -> Cost
  /// Returns how far a genome is from meeting the constraints; 0 or less meets them.
  public var violation: @Sendable (Genome, Cost) -> Double

  /// Creates a model from two pure functions.
  public init(
    cost: @escaping @Sendable (Genome) -> Cost,
    violation: @escaping @Sendable (Genome, Cost) -> Double = { _, _ in 0 }
  ) {
    self.cost = cost
    self.violation = violation
  }
}

/// The times after which a coordinator acts.
public struct CoordinatorTiming: Hashable, Sendable {
  /// The time between two heartbeats of a worker.
  public var heartbeatInterval: Duration
  /// The time after which a lease lapses without a heartbeat.
  public var leaseDuration: Duration
  /// The silence after which a session is given up.
  public var sessionTimeout: Duration
  /// The time without progress after which heartbeats no longer extend a worker's leases.
  public var stallTimeout: Duration
  /// The time between two attempts to write to a failing store.
  public var storageRetryInterval: Duration
  /// The time before the announced end of a worker at which its results must be there.
  public var departureMargin: Duration
  /// The time that a finished coordinator waits for the farewells of its workers.
  public var farewellTimeout: Duration

  /// Creates times; the default notices a frozen worker within five seconds.
  public init(
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
public struct CoordinatorBounds: Hashable, Sendable {
  /// The sessions at once; more are asked to come back later.
  public var sessionCountMax: Int
  /// The records that wait for the store; results beyond them are dropped and come again.
  public var waitingRecordCountMax: Int
  /// The leases of a worker for each of its slots: one runs, one waits.
  public var leasesPerSlotMax: Int
  /// The worker deaths and failed evaluations after which a candidate is given up.
  public var failureCountMax: Int
  /// The malformed frames after which a peer is refused.
  public var malformedCountMax: Int
  /// The refused sessions that are remembered.
  public var refusedCountMax: Int
  /// The records after which a snapshot is made; fewer at the end, more in a very long run.
  public var snapshotIntervalRecords: Int

  /// Creates bounds.
  public init(
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
