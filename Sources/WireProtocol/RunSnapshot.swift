import SparsityCore

/// What replaying the first records of a run's journal gives, as plain numbers.
///
/// Decoding checks sizes and forms; whether the numbers agree with each other and with the run is
/// found out by whoever restores a coordinator.
public struct RunSnapshot: Hashable, Sendable {
  /// The records that the snapshot stands for.
  public var recordCount: Int
  /// The last start of a coordinator among them.
  public var opening: RunOpening
  /// The candidates born, told and given up.
  public var birthCount: Int
  /// The candidates told.
  public var evaluationCount: Int
  /// The candidates given up.
  public var abandonedCount: Int
  /// The individuals that parents are chosen from, in their order.
  public var population: [StoredIndividual]
  /// The non-dominated individuals, in their order.
  public var archive: [StoredIndividual]
  /// The candidates that are neither told nor given up, in the order of birth.
  public var waiting: [StoredBirth]
  /// The codes of all genomes ever born, 16 bytes each.
  public var knownCodes: [UInt8]
  /// The results that waiting candidates have.
  public var done: [StoredShard]
  /// The waiting candidates that have all results, in the order in which they got the last.
  public var completed: [CandidateID]
  /// The candidates given up.
  public var quarantined: [CandidateID]
  /// The results among the records.
  public var shardCount: Int
  /// The last paces of evaluations, in nanoseconds an image.
  public var paceSamples: [Int]
  /// The place of the oldest of them.
  public var paceNext: Int
  /// The results of the individuals in the archive, as far as they are known.
  public var front: [StoredShard]
  /// The individuals in the archive of which a shard was measured again with another key.
  public var confirmed: [CandidateID]

  /// Creates a snapshot.
  public init(
    recordCount: Int, opening: RunOpening, birthCount: Int, evaluationCount: Int,
    abandonedCount: Int, population: [StoredIndividual], archive: [StoredIndividual],
    waiting: [StoredBirth], knownCodes: [UInt8], done: [StoredShard], completed: [CandidateID],
    quarantined: [CandidateID], shardCount: Int, paceSamples: [Int], paceNext: Int,
    front: [StoredShard] = [], confirmed: [CandidateID] = []
  ) {
    self.front = front
    self.confirmed = confirmed
    self.recordCount = recordCount
    self.opening = opening
    self.birthCount = birthCount
    self.evaluationCount = evaluationCount
    self.abandonedCount = abandonedCount
    self.population = population
    self.archive = archive
    self.waiting = waiting
    self.knownCodes = knownCodes
    self.done = done
    self.completed = completed
    self.quarantined = quarantined
    self.shardCount = shardCount
    self.paceSamples = paceSamples
    self.paceNext = paceNext
  }
}

/// An evaluated candidate in a snapshot.
public struct StoredIndividual: Hashable, Sendable {
  /// The birth number.
  public var candidate: CandidateID
  /// The choices that were evaluated.
  public var genome: Genome
  /// The measured objectives, minimised; finite.
  public var objectives: [Double]
  /// How far the measured constraints are from being met; a number.
  public var violation: Double

  /// Creates an individual.
  public init(candidate: CandidateID, genome: Genome, objectives: [Double], violation: Double) {
    self.candidate = candidate
    self.genome = genome
    self.objectives = objectives
    self.violation = violation
  }
}

/// A candidate in a snapshot that is being evaluated.
public struct StoredBirth: Hashable, Sendable {
  /// The birth number.
  public var candidate: CandidateID
  /// The choices to evaluate.
  public var genome: Genome

  /// Creates a birth.
  public init(candidate: CandidateID, genome: Genome) {
    self.candidate = candidate
    self.genome = genome
  }
}

/// What a snapshot keeps of a shard's result.
public struct StoredShard: Hashable, Sendable {
  /// The shard.
  public var shard: ShardID
  /// The images classified correctly.
  public var correctCount: Int
  /// The bits of the summed loss; those of a number that is no loss say that it is missing.
  public var summedLossBits: UInt64
  /// The name of the key that has delivered it; empty without encryption.
  public var keyName: String

  /// Creates a result.
  public init(shard: ShardID, correctCount: Int, summedLossBits: UInt64, keyName: String) {
    self.keyName = keyName
    self.shard = shard
    self.correctCount = correctCount
    self.summedLossBits = summedLossBits
  }
}
