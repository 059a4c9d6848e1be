import SparsityCore

/// What an algorithm has at hand when it proposes a genome.
package struct ProposalContext {
  /// The number that the candidate will have.
  package let number: Int
  /// The candidates that are being evaluated.
  package let outstanding: [CandidateID: Genome]
  /// What is known of genomes without measuring them.
  package let costs: ExactCosts
  /// The accuracy below which candidates are infeasible; `nil` if there is none or it is not known.
  package let accuracyFloor: Double?
  /// The chance in this proposal: it comes from the seed and the number alone.
  package var generator: SeededGenerator
  let known: KnownGenomes

  /// Whether a genome was proposed before; it must not be again.
  ///
  /// - Complexity: O(*g*) for *g* genes.
  package func isKnown(_ genome: Genome) -> Bool { known.contains(genome) }

  /// The number of genomes that were proposed before.
  package var knownCount: Int { known.count }
}

/// What is known of a genome without measuring it: fixed functions during a run.
package struct ExactCosts {
  /// Returns how far a genome is from meeting the constraints; 0 or less meets them.
  package let violation: (Genome) -> Double
  /// Returns the minimised objectives, `nil` for those that must be measured.
  package let objectives: (Genome) -> [Double?]
  /// Returns, for each exact objective, a quantity that rises and falls with it and to which
  /// decisions add, nearly or exactly: seconds for images a second.
  package let additive: (Genome) -> [Double?]

  /// Creates costs from pure functions; without the second all objectives are measured, and without
  /// the third they add up themselves.
  package init(
    violation: @escaping (Genome) -> Double,
    objectives: @escaping (Genome) -> [Double?] = { _ in [] },
    additive: ((Genome) -> [Double?])? = nil
  ) {
    self.additive = additive ?? objectives
    self.violation = violation
    self.objectives = objectives
  }
}
