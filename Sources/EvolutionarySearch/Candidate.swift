import SparsityCore

/// A genome offered for evaluation, with its identity.
public struct Candidate: Hashable, Sendable {
  /// The birth number.
  public let id: CandidateID
  /// The choices to evaluate.
  public let genome: Genome

  /// Creates a candidate.
  public init(id: CandidateID, genome: Genome) {
    self.id = id
    self.genome = genome
  }
}

/// An evaluated candidate.
public struct Individual: Hashable, Sendable {
  /// The birth number.
  public let id: CandidateID
  /// The choices that were evaluated.
  public let genome: Genome
  /// The measured objectives; less is better in each.
  public let objectives: [Double]
  /// How far the measured constraints are from being met; 0 or less is feasible.
  public let violation: Double

  /// Creates an individual.
  public init(id: CandidateID, genome: Genome, objectives: [Double], violation: Double = 0) {
    precondition(!objectives.isEmpty)
    precondition(objectives.allSatisfy(\.isFinite))
    precondition(!violation.isNaN)
    self.id = id
    self.genome = genome
    self.objectives = objectives
    self.violation = violation
  }

  /// Whether every constraint is met.
  public var isFeasible: Bool { violation <= 0 }
}
