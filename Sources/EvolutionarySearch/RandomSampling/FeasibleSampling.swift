import SparsityCore

/// Draws new feasible genomes, or walks through a space that is small enough.
struct FeasibleSampling: Sendable {
  private let space: ChoiceSpace
  private let sampling: Sampling
  private let repair: DescentRepair

  /// The samples that are tried for one proposal.
  private static let triesMax = 16
  /// The first of them, which are dropped instead of repaired when they are infeasible.
  ///
  /// Repair stops at the first feasible genome, so repaired samples crowd at the constraint.
  private static let unrepairedTriesMax = 4

  /// Creates the sampling of one search.
  init(space: ChoiceSpace, settings: SearchSettings) {
    self.space = space
    sampling = Sampling(choiceCounts: space.choiceCounts, seed: settings.seed)
    repair = DescentRepair(choiceCounts: space.choiceCounts)
  }

  /// Returns a new feasible genome, or `nil` if a bounded effort finds none.
  func genome(_ context: inout ProposalContext) -> Genome? {
    sample(&context) ?? enumerated(&context)
  }

  /// Returns a new feasible sample, or `nil` after a bounded number of tries.
  private func sample(_ context: inout ProposalContext) -> Genome? {
    let violation = context.costs.violation
    for attempt in 0..<Self.triesMax {
      let bias =
        attempt == 0 ? sampling.bias(of: context.number) : context.generator.unitInterval()
      var sample = sampling.genome(bias: bias, using: &context.generator)
      if context.isKnown(space.expand(sample)) { continue }
      let isFeasible =
        attempt < Self.unrepairedTriesMax
        ? violation(space.expand(sample)) <= 0
        : repair.repair(&sample, using: &context.generator) { violation(space.expand($0)) }
      let genome = space.expand(sample)
      if isFeasible, !context.isKnown(genome) { return genome }
    }
    return nil
  }

  /// Returns the next new feasible genome after a random place, or `nil` if there is none or the
  /// space is too large to walk through.
  private func enumerated(_ context: inout ProposalContext) -> Genome? {
    guard let count = space.enumerableCount else { return nil }
    let start = context.generator.index(below: count)
    for step in 0..<count {
      let genome = space.expand(space.genome(at: (start + step) % count))
      if !context.isKnown(genome), context.costs.violation(genome) <= 0 { return genome }
    }
    return nil
  }
}
