import SparsityCore

/// A method that chooses which genomes are evaluated.
///
/// A ``Proposer`` owns one and tells it everything in the order of the journal: what was proposed,
/// measured and quarantined. Its state must be a function of that sequence alone, since replaying
/// the journal restores it; ``propose(_:)`` may only keep caches of what it can compute again.
///
/// To add one: a folder of its own, and a case of ``SearchAlgorithmName``.
package protocol SearchAlgorithm: Sendable {
  /// Creates the algorithm before the first candidate.
  init(space: ChoiceSpace, settings: SearchSettings)

  /// Creates the algorithm that ``stateBytes`` were read from, with equal space and settings.
  ///
  /// - Throws: ``SearchError/stateDoesNotFit(diagnostic:)``.
  init(
    space: ChoiceSpace, settings: SearchSettings, restoring stateBytes: [UInt8]
  ) throws(SearchError)

  /// The individuals that the next proposals build on; empty if there are none.
  var population: [Individual] { get }

  /// Whether ``observe(_:)-(PartialMeasurement)`` is of use to it; nobody calls it otherwise.
  var observesPartialMeasurements: Bool { get }

  /// Returns a genome that is feasible and not known, or `nil` if a bounded effort finds none.
  ///
  /// It may take its time: it runs where it holds up nothing else.
  mutating func propose(_ context: inout ProposalContext) -> Genome?

  /// Takes note that a candidate is being evaluated; it need not be one of its own proposals.
  ///
  /// It comes where the journal has it: behind everything that was observed before, even while the
  /// candidate was proposed. ``ProposalContext/outstanding`` is never late.
  mutating func begin(_ candidate: Candidate)

  /// Takes the result of an outstanding candidate.
  mutating func observe(_ individual: Individual)

  /// Takes the result of an outstanding candidate with its mean loss, where one was measured: it
  /// tells more than how many images are right.
  ///
  /// - Parameter imageCount: the images that were measured, if its evaluation was stopped before
  ///   all were: then its objectives and its loss are estimates.
  mutating func observe(_ individual: Individual, meanLoss: Double?, imageCount: Int?)

  /// Takes what was measured so far of an outstanding candidate.
  mutating func observe(_ measurement: PartialMeasurement)

  /// Takes note that an outstanding candidate will have no result.
  mutating func quarantine(_ candidate: Candidate)

  /// What ``init(space:settings:restoring:)`` needs to go on; it begins with the version of its
  /// layout, and other versions are refused with both named.
  ///
  /// - Complexity: may depend on what is kept, not on how many candidates there ever were.
  var stateBytes: [UInt8] { get }
}

extension SearchAlgorithm {
  package var population: [Individual] { [] }
  package var observesPartialMeasurements: Bool { false }
  /// Makes nothing of the loss, and takes an estimate for what was measured: it is dominated by the
  /// member of the front that has stopped it.
  package mutating func observe(_ individual: Individual, meanLoss: Double?, imageCount: Int?) {
    observe(individual)
  }
  /// Keeps nothing of it.
  package mutating func begin(_ candidate: Candidate) {}
  /// Keeps nothing of it.
  package mutating func observe(_ measurement: PartialMeasurement) {}
  /// Keeps nothing of it.
  package mutating func quarantine(_ candidate: Candidate) {}
}

/// The search algorithms by the name that run files give them.
package enum SearchAlgorithmName: String, CaseIterable, Hashable, Sendable {
  /// Thompson sampling with an additive Bayesian model of what is measured.
  case bayesian
  /// NSGA-II (Deb et al. 2002), in steady state or in generations
  /// (``SearchSettings/isGenerational``).
  case nsga2
  /// ELSA's own evolution (arXiv 2409.09708), with its defects mended.
  case elsaPaper = "elsa-paper"
  /// Regularised evolution (Real et al. 2019): the oldest individual leaves.
  case regularizedEvolution = "regularized-evolution"
  /// Sampling to the end, the baseline.
  case random
  /// Every other choice of every decision alone, to measure sensitivities.
  case oneAtATime = "one-at-a-time"

  var type: any SearchAlgorithm.Type {
    switch self {
    case .bayesian: BayesianSearch.self
    case .nsga2: NSGA2.self
    case .elsaPaper: ElsaPaper.self
    case .regularizedEvolution: RegularizedEvolution.self
    case .random: RandomSampling.self
    case .oneAtATime: OneAtATime.self
    }
  }
}

/// What was measured so far of a candidate whose evaluation goes on.
package struct PartialMeasurement: Hashable, Sendable {
  package let candidate: Candidate
  /// The objectives as far as they are known, minimised: measured ones over the images so far.
  package let objectives: [Double]
  /// The share of the images that were measured, in 0 ..< 1.
  package let share: Double

  package init(candidate: Candidate, objectives: [Double], share: Double) {
    precondition(objectives.allSatisfy(\.isFinite))
    precondition((0..<1).contains(share))
    self.candidate = candidate
    self.objectives = objectives
    self.share = share
  }
}
