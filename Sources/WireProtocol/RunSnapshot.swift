import SparsityCore

/// What replaying the first records of a run's journal gives, as plain numbers.
///
/// Decoding checks sizes and forms; whether the numbers agree with each other and with the run is
/// found out by anyone who restores a coordinator.
package struct RunSnapshot: Hashable, Sendable {
  /// The records that the snapshot stands for.
  package var recordCount: Int
  /// The last start of a coordinator among them.
  package var opening: RunOpening
  /// The candidates proposed, told and quarantined.
  package var proposalCount: Int
  /// The candidates told.
  package var evaluationCount: Int
  /// The candidates quarantined.
  package var quarantinedCount: Int
  /// The images that stopped evaluations have not measured.
  package var savedImageCount: Int
  /// The accuracy that those of candidates are compared with, once it is measured.
  package var referenceAccuracy: Double?
  /// The non-dominated individuals, in their order.
  package var archive: [StoredIndividual]
  /// What comes nearest to meeting the constraints, of what does not meet them.
  package var nearestMiss: StoredIndividual?
  /// The candidates that are neither told nor quarantined, in the order of proposal.
  package var waiting: [StoredProposal]
  /// The codes of all genomes ever proposed, 16 bytes each.
  package var knownCodes: [UInt8]
  /// What the search algorithm keeps, in a layout of its own.
  package var algorithmState: [UInt8]
  /// The results that waiting candidates have.
  package var done: [StoredShard]
  /// The waiting candidates that have all results, in the order in which they got the last.
  package var completed: [CandidateID]
  package var quarantined: [CandidateID]
  /// The results among the records.
  package var shardCount: Int
  /// The last paces of evaluations, in nanoseconds an image.
  package var paceSamples: [Int]
  /// The place of the oldest of them.
  package var paceNext: Int
  /// The results of the individuals in the archive, as far as they are known.
  package var front: [StoredShard]
  /// The individuals in the archive of which a shard was measured again with another key.
  package var confirmed: [CandidateID]
  /// What is planned of waiting candidates; empty where all are measured whole.
  package var plans: [StoredPlan]

  package init(
    recordCount: Int, opening: RunOpening, proposalCount: Int, evaluationCount: Int,
    quarantinedCount: Int, savedImageCount: Int = 0,
    referenceAccuracy: Double? = nil, archive: [StoredIndividual],
    nearestMiss: StoredIndividual? = nil,
    waiting: [StoredProposal], knownCodes: [UInt8], algorithmState: [UInt8],
    done: [StoredShard], completed: [CandidateID],
    quarantined: [CandidateID], shardCount: Int, paceSamples: [Int], paceNext: Int,
    front: [StoredShard] = [], confirmed: [CandidateID] = [], plans: [StoredPlan] = []
  ) {
    self.plans = plans
    self.savedImageCount = savedImageCount
    self.referenceAccuracy = referenceAccuracy
    self.front = front
    self.confirmed = confirmed
    self.recordCount = recordCount
    self.opening = opening
    self.proposalCount = proposalCount
    self.evaluationCount = evaluationCount
    self.quarantinedCount = quarantinedCount
    self.archive = archive
    self.nearestMiss = nearestMiss
    self.waiting = waiting
    self.knownCodes = knownCodes
    self.algorithmState = algorithmState
    self.done = done
    self.completed = completed
    self.quarantined = quarantined
    self.shardCount = shardCount
    self.paceSamples = paceSamples
    self.paceNext = paceNext
  }
}

/// An evaluated candidate in a snapshot.
package struct StoredIndividual: Hashable, Sendable {
  /// The number.
  package var candidate: CandidateID
  /// The choices that were evaluated.
  package var genome: Genome
  /// The measured objectives, minimised; finite.
  package var objectives: [Double]
  /// How far the measured constraints are from being met; a number.
  package var violation: Double

  package init(candidate: CandidateID, genome: Genome, objectives: [Double], violation: Double) {
    self.candidate = candidate
    self.genome = genome
    self.objectives = objectives
    self.violation = violation
  }
}

/// A candidate in a snapshot that is being evaluated.
package struct StoredProposal: Hashable, Sendable {
  /// The number.
  package var candidate: CandidateID
  /// The choices to evaluate.
  package var genome: Genome

  package init(candidate: CandidateID, genome: Genome) {
    self.candidate = candidate
    self.genome = genome
  }
}

/// What a snapshot keeps of a shard's result.
package struct StoredShard: Hashable, Sendable {
  package var shard: ShardID
  /// What was measured.
  package var measurement: ShardMeasurement
  /// What was measured of costs, where the run wants it.
  package var measuredCosts: MeasuredCosts
  /// The name of the key that has delivered it; empty without encryption.
  package var keyName: String

  /// Creates a result.
  package init(
    shard: ShardID, measurement: ShardMeasurement,
    measuredCosts: MeasuredCosts = MeasuredCosts(), keyName: String
  ) {
    self.measuredCosts = measuredCosts
    self.keyName = keyName
    self.shard = shard
    self.measurement = measurement
  }
}

/// What is planned of a waiting candidate, where evaluations may end early.
package struct StoredPlan: Hashable, Sendable {
  package var candidate: CandidateID
  /// The slices that are measured as far as is known, the first ones.
  package var sliceCount: Int
  /// What is believed of the candidate if its evaluation ends with them.
  package var stop: Stop?

  /// What is believed of all images.
  package struct Stop: Hashable, Sendable {
    /// The images that were measured.
    package var imageCount: Int
    /// In 0...1.
    package var accuracy: Double
    /// The mean loss; `nil` if losses are not known.
    package var meanLoss: Double?

    package init(imageCount: Int, accuracy: Double, meanLoss: Double?) {
      self.imageCount = imageCount
      self.accuracy = accuracy
      self.meanLoss = meanLoss
    }
  }

  package init(candidate: CandidateID, sliceCount: Int, stop: Stop?) {
    self.candidate = candidate
    self.sliceCount = sliceCount
    self.stop = stop
  }
}
