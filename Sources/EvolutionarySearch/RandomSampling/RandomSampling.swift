import SparsityCore

/// Sampling to the end, the baseline: it learns nothing from results.
struct RandomSampling: SearchAlgorithm {
  private static let stateVersion: UInt8 = 1
  private let sampling: FeasibleSampling

  init(space: ChoiceSpace, settings: SearchSettings) {
    sampling = FeasibleSampling(space: space, settings: settings)
  }

  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError) {
    self.init(space: space, settings: settings)
    let reader = try StateReader(
      stateBytes, of: SearchAlgorithmName.random, version: Self.stateVersion)
    try reader.finish()
  }

  var stateBytes: [UInt8] { StateWriter(version: Self.stateVersion).bytes }

  mutating func propose(_ context: inout ProposalContext) -> Genome? { sampling.genome(&context) }

  mutating func observe(_ individual: Individual) {}
}
