import SparsityCore

/// A genome offered for evaluation, with its identity.
package struct Candidate: Hashable, Sendable {
  /// The number.
  package let id: CandidateID
  /// The choices to evaluate.
  package let genome: Genome

  package init(id: CandidateID, genome: Genome) {
    self.id = id
    self.genome = genome
  }
}

/// An evaluated candidate.
package struct Individual: Hashable, Sendable {
  /// The number.
  package let id: CandidateID
  /// The choices that were evaluated.
  package let genome: Genome
  /// The measured objectives; less is better in each.
  package let objectives: [Double]
  /// How far the measured constraints are from being met; 0 or less is feasible.
  package let violation: Double

  package init(id: CandidateID, genome: Genome, objectives: [Double], violation: Double = 0) {
    precondition(!objectives.isEmpty)
    precondition(objectives.allSatisfy(\.isFinite))
    precondition(!violation.isNaN)
    self.id = id
    self.genome = genome
    self.objectives = objectives
    self.violation = violation
  }

  /// Whether every constraint is met.
  package var isFeasible: Bool { violation <= 0 }
}
