import SparsityCore

/// One entry of a run's journal. The records in their order are the run: replaying them gives the
/// state that wrote them.
package enum JournalRecord: Hashable, Sendable {
  /// A coordinator has started.
  case opened(RunOpening)
  /// A worker whose key is known has begun a session.
  case joined(JoinedSession)
  /// The search has asked for a candidate; written before the first lease.
  case proposed(CandidateID, Genome)
  /// A worker has measured a shard; written before the acknowledgement.
  case shardCompleted(ShardCompletion)
  /// All shards of a candidate are measured and the search has been told.
  case evaluated(EvaluatedCandidate)
  /// A candidate was quarantined; the search has been told.
  case quarantined(CandidateID, diagnostic: String)
  /// A shard was measured again with another key, and both have found the same.
  case confirmed(ShardID, keyName: String)
  /// The results of a key count no more.
  case discarded(DiscardedKey)
}

/// A coordinator's start.
package struct RunOpening: Hashable, Sendable {
  /// The term that begins.
  package var term: Term
  /// What the run computes.
  package var description: RunDescription
  /// The settings of the search as a fixed text, equal at every start of the run.
  package var settings: String
  /// What the run's lease tokens are computed with; empty in journals that know of none.
  package var tokenSecret: [UInt8]

  /// The size of a secret in bytes.
  package static let tokenSecretSize = 32

  /// Creates a record of a start.
  package init(
    term: Term, description: RunDescription, settings: String, tokenSecret: [UInt8] = []
  ) {
    self.tokenSecret = tokenSecret
    self.term = term
    self.description = description
    self.settings = settings
  }
}

/// The beginning of a session.
package struct JoinedSession: Hashable, Sendable {
  package var worker: WorkerID
  /// The name that the worker gives itself.
  package var label: String
  /// The name of the key that has opened the session.
  package var keyName: String

  /// Creates a record of a session.
  package init(worker: WorkerID, label: String, keyName: String) {
    self.worker = worker
    self.label = label
    self.keyName = keyName
  }
}

/// A key whose results so far count no more, and who may not deliver others.
package struct DiscardedKey: Hashable, Sendable {
  package var keyName: String
  /// Why, for users.
  package var diagnostic: String
  /// Whether the search begins anew behind the record: in strict mode what it has proposed depends
  /// on the results that count no more.
  package var restartsSearch: Bool

  /// Creates a record of a key.
  package init(keyName: String, diagnostic: String, restartsSearch: Bool) {
    self.keyName = keyName
    self.diagnostic = diagnostic
    self.restartsSearch = restartsSearch
  }
}

/// The durable result of a shard.
package struct ShardCompletion: Hashable, Sendable {
  package var shard: ShardID
  /// The key of the result.
  package var key: ShardKey
  /// What the evaluation found out.
  package var measurement: ShardMeasurement
  /// What was measured of costs, where the run wants it.
  package var measuredCosts: MeasuredCosts
  /// The name of the worker that evaluated the shard.
  package var worker: String
  /// How long the evaluation took.
  package var evaluationMicroseconds: Int
  /// The name of the key that the worker has proved to own; empty without encryption.
  package var keyName: String

  /// Creates a record of a result.
  package init(
    shard: ShardID, key: ShardKey, measurement: ShardMeasurement, worker: String,
    measuredCosts: MeasuredCosts = MeasuredCosts(), evaluationMicroseconds: Int,
    keyName: String = ""
  ) {
    self.measuredCosts = measuredCosts
    self.keyName = keyName
    self.shard = shard
    self.key = key
    self.measurement = measurement
    self.worker = worker
    self.evaluationMicroseconds = evaluationMicroseconds
  }
}

/// A candidate with everything that was found out about it.
package struct EvaluatedCandidate: Hashable, Sendable {
  package var candidate: CandidateID
  /// The images classified correctly.
  package var correctCount: Int
  /// The images that were measured: those of the search set, unless ``stop`` says otherwise.
  package var imageCount: Int
  /// The sum of the shards' losses, added in the order of slices, or `nil` if one is missing.
  package var summedLoss: Double?
  /// The cost in the order of the run's cost names.
  package var costs: [Int64]
  /// What was measured of the costs, in the order of ``SparsityCore/MeasuredCosts/measurable``.
  package var measuredCosts: [CostSpread]
  /// The objectives in the run's order and natural sense (accuracy is positive); the accuracy is an
  /// estimate if the evaluation was stopped.
  package var objectives: [Double]
  /// How far the measured costs are from meeting the constraints; 0 or less meets them.
  package var violation: Double
  /// The names of the keys that have delivered the results, in order, each once; not more than
  /// ``keyNameCountMax``, and none without encryption.
  package var keyNames: [String]
  /// What is known of an evaluation that has ended before all images were measured.
  package var stop: Stop?

  /// What is believed of a candidate that was not measured on all images, besides its accuracy.
  package struct Stop: Hashable, Sendable {
    /// The mean loss over all images; `nil` if losses are not known.
    package var estimatedLoss: Double?

    package init(estimatedLoss: Double?) {
      self.estimatedLoss = estimatedLoss
    }
  }

  /// The most names that are kept.
  package static let keyNameCountMax = 64

  /// Creates a record of an evaluation.
  package init(
    candidate: CandidateID, correctCount: Int, imageCount: Int, summedLoss: Double?,
    costs: [Int64], measuredCosts: [CostSpread] = [], objectives: [Double],
    violation: Double = 0, keyNames: [String] = [], stop: Stop? = nil
  ) {
    self.stop = stop
    self.violation = violation
    self.measuredCosts = measuredCosts
    self.keyNames = keyNames
    self.candidate = candidate
    self.correctCount = correctCount
    self.imageCount = imageCount
    self.summedLoss = summedLoss
    self.costs = costs
    self.objectives = objectives
  }
}

extension EvaluatedCandidate {
  /// Compares bit for bit.
  package static func == (lhs: Self, rhs: Self) -> Bool {
    lhs.candidate == rhs.candidate && lhs.correctCount == rhs.correctCount
      && lhs.imageCount == rhs.imageCount && lhs.costs == rhs.costs && lhs.keyNames == rhs.keyNames
      && lhs.measuredCosts == rhs.measuredCosts && lhs.violation == rhs.violation
      && (lhs.stop == nil) == (rhs.stop == nil)
      && lhs.stop?.estimatedLoss?.bitPattern == rhs.stop?.estimatedLoss?.bitPattern
      && lhs.summedLoss?.bitPattern == rhs.summedLoss?.bitPattern
      && lhs.objectives.map(\.bitPattern) == rhs.objectives.map(\.bitPattern)
  }

  /// Feeds what tells most evaluations apart.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(candidate)
    hasher.combine(correctCount)
    hasher.combine(summedLoss?.bitPattern)
  }
}
