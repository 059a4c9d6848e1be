import SparsityCore

/// Everything that fixes a search but the space and the results.
package struct SearchSettings: Hashable, Sendable {
  /// The individuals that survive.
  package var populationSize: Int
  /// The candidates that may be proposed.
  package var evaluationCountMax: Int
  /// The seed of all chance.
  package var seed: UInt64
  /// How candidates are chosen.
  package var algorithm: SearchAlgorithmName
  /// Whether NSGA-II replaces its population by generations, not with each result.
  package var isGenerational = false
  /// The objectives of each evaluation.
  package var objectiveCount: Int
  /// The genomes that are asked first, in this order.
  package var initial: [Genome]
  /// The probability that a child mixes two parents instead of copying one.
  package var crossoverProbability: Double
  /// The probability that a gene mutates, or `nil` for half a gene a child on average.
  package var mutationProbability: Double?
  /// The choices of each gene that candidates may make, in order; `nil` allows all.
  package var allowedChoices: [[UInt8]]?
  /// The objective that is a measured share of images, if there is one.
  package var accuracy: Accuracy?

  /// What earlier searches have found, which algorithms that learn may expect to hold again, about.
  package var warmStart: [EarlierResult] = []

  /// An objective that is the share of images that are right, negated.
  package struct Accuracy: Hashable, Sendable {
    /// Its place among the objectives.
    package let place: Int
    /// The images that it is measured on.
    package let imageCount: Int
    /// Below which it makes a candidate infeasible; `nil` if it does not.
    package let floor: AccuracyFloor?

    package init(place: Int, imageCount: Int, floor: AccuracyFloor? = nil) {
      precondition(imageCount > 0)
      self.place = place
      self.imageCount = imageCount
      self.floor = floor
    }
  }

  /// Creates settings; they are checked when a search starts.
  package init(
    populationSize: Int, evaluationCountMax: Int, seed: UInt64, algorithm: SearchAlgorithmName,
    objectiveCount: Int, initial: [Genome], crossoverProbability: Double = 0.9,
    mutationProbability: Double? = nil, allowedChoices: [[UInt8]]? = nil
  ) {
    self.populationSize = populationSize
    self.evaluationCountMax = evaluationCountMax
    self.seed = seed
    self.algorithm = algorithm
    self.objectiveCount = objectiveCount
    self.initial = initial
    self.crossoverProbability = crossoverProbability
    self.mutationProbability = mutationProbability
    self.allowedChoices = allowedChoices
  }

  /// The populations that a search may keep.
  package static let populationSizeRange = RunLimits.populationRange
  /// The candidates that a search may ask for.
  package static let evaluationCountRange = RunLimits.evaluationRange
  /// The objectives that a search may have.
  package static let objectiveCountRange = RunLimits.objectiveRange

  /// The genome that is asked before all others, since their accuracies are compared with its.
  var reference: Genome? { accuracy?.floor?.reference }

  /// The proposals before the first offspring.
  ///
  /// It is the population size, but at most a quarter of the evaluations, so that a short search
  /// evolves too; initial genomes come on top.
  package var samplingCount: Int {
    max(2, initial.count, min(populationSize, evaluationCountMax / 4))
  }

  /// Checks every setting, as a search does that starts with these choices.
  ///
  /// - Throws: ``SearchError`` that names the first impossible value.
  package func validate(choiceCounts: [Int]) throws(SearchError) {
    try validate(for: ChoiceSpace(choiceCounts: choiceCounts, allowed: allowedChoices))
  }

  /// Checks every setting against a space.
  ///
  /// - Throws: ``SearchError`` that names the first impossible value.
  func validate(for space: ChoiceSpace) throws(SearchError) {
    let counts = [
      ("the population", populationSize, Self.populationSizeRange),
      ("the number of evaluations", evaluationCountMax, Self.evaluationCountRange),
      ("the number of objectives", objectiveCount, Self.objectiveCountRange),
    ]
    for (name, value, allowed) in counts where !allowed.contains(value) {
      throw .outOfRange(name: name, value: value, allowed: allowed)
    }
    let probabilities = [
      ("the crossover probability", crossoverProbability),
      ("the mutation probability", mutationProbability ?? 0),
    ]
    for (name, value) in probabilities where !(0...1).contains(value) {
      throw .notAProbability(name: name, value: value)
    }
    for (index, genome) in initial.enumerated() where !space.contains(genome) {
      throw .initialGenomeOutsideSpace(index: index)
    }
    for (index, result) in warmStart.enumerated() where !space.contains(result.genome) {
      throw .earlierResultOutsideSpace(index: index)
    }
    if let reference, !space.contains(reference) { throw .referenceOutsideSpace }
  }
}
