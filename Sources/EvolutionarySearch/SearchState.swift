import SparsityCore

/// Everything that a search needs, besides space and settings, to go on exactly as it would have.
///
/// Copying one out of a search shares the known genomes with it, so it costs no more for a million
/// births than for a thousand.
public struct SearchState: Hashable, Sendable {
  /// The candidates born.
  public var birthCount: Int
  /// The candidates told.
  public var evaluationCount: Int
  /// The candidates given up.
  public var abandonedCount: Int
  /// The individuals that parents are chosen from, in the order in which they were told.
  public var population: [Individual]
  /// The non-dominated individuals, ordered by their objectives.
  public var archive: [Individual]
  /// The candidates being evaluated, in order of birth.
  public var waiting: [Candidate]
  /// The codes of all genomes ever born, in order of birth.
  package var known: GenomeCodes

  /// Creates a state; it is checked when a search is restored with it.
  package init(
    birthCount: Int, evaluationCount: Int, abandonedCount: Int, population: [Individual],
    archive: [Individual], waiting: [Candidate], known: GenomeCodes
  ) {
    self.birthCount = birthCount
    self.evaluationCount = evaluationCount
    self.abandonedCount = abandonedCount
    self.population = population
    self.archive = archive
    self.waiting = waiting
    self.known = known
  }
}

extension Search {
  /// What another search with equal space and settings needs to go on as this one.
  ///
  /// - Complexity: O(*p* + *a* + *w* log *w*) for *p* individuals in the population, *a* in the
  ///   archive and *w* candidates being evaluated; the number of births does not matter.
  public var state: SearchState {
    SearchState(
      birthCount: birthCount, evaluationCount: evaluationCount, abandonedCount: abandonedCount,
      population: population, archive: archive.individuals, waiting: outstanding,
      known: known.codes)
  }

  /// Creates a search that goes on where another one with equal space and settings was.
  ///
  /// - Throws: ``SearchError`` for impossible settings or a state that cannot be theirs.
  /// - Complexity: O(*n* + *m* · *p*²) for *n* births, *p* individuals in the population and *m*
  ///   objectives.
  public init(
    choiceCounts: [Int], settings: SearchSettings, restoring state: SearchState
  ) throws(SearchError) {
    try self.init(choiceCounts: choiceCounts, settings: settings)
    guard let known = KnownGenomes(choiceCounts: choiceCounts, codes: state.known) else {
      throw .stateDoesNotFit(words: "a known genome stands twice or outside the search space")
    }
    self.known = known
    try check(state)
    birthCount = state.birthCount
    evaluationCount = state.evaluationCount
    abandonedCount = state.abandonedCount
    survivors = RankedPopulation(sizeMax: settings.populationSize, restoring: state.population)
    guard let archive = Archive(restoring: state.archive) else {
      throw .stateDoesNotFit(words: "the archive is out of order or holds dominated individuals")
    }
    self.archive = archive
    for candidate in state.waiting { waiting[candidate.id] = candidate.genome }
    settledPrefixCount = state.waiting.first?.id.rawValue ?? birthCount
    skipKnownInitial()
    checkInvariants()
  }

  /// Checks a state whose known genomes are taken over already.
  private func check(_ state: SearchState) throws(SearchError) {
    let counts = [state.evaluationCount, state.abandonedCount, state.waiting.count]
    let births = SearchSettings.evaluationCountRange.upperBound
    guard counts.allSatisfy({ (0...births).contains($0) }), state.birthCount <= births,
      counts.reduce(0, +) == state.birthCount, known.count == state.birthCount
    else {
      throw .stateDoesNotFit(
        words: "\(state.birthCount) births, but \(counts) are told, given up and waiting and "
          + "\(known.count) genomes known")
    }
    guard state.population.count == min(state.evaluationCount, settings.populationSize),
      state.archive.count <= state.evaluationCount
    else {
      throw .stateDoesNotFit(
        words: "\(state.population.count) individuals and an archive of \(state.archive.count) "
          + "after \(state.evaluationCount) evaluations")
    }
    let isRising = zip(state.waiting, state.waiting.dropFirst()).allSatisfy { $0.id < $1.id }
    guard isRising else { throw .stateDoesNotFit(words: "waiting candidates are out of order") }
    let waiting = Set(state.waiting.map(\.id))
    for candidate in state.waiting { try check(candidate.genome, of: candidate.id, in: state) }
    for individuals in [state.population, state.archive] {
      guard Set(individuals.map(\.id)).count == individuals.count else {
        throw .stateDoesNotFit(words: "an individual stands twice")
      }
      for individual in individuals {
        try check(individual.genome, of: individual.id, in: state)
        guard !waiting.contains(individual.id),
          individual.objectives.count == settings.objectiveCount
        else {
          throw .stateDoesNotFit(
            words: "\(individual.id) waits for its evaluation, or has "
              + "\(individual.objectives.count) objectives")
        }
      }
    }
  }

  private func check(
    _ genome: Genome, of id: CandidateID, in state: SearchState
  ) throws(SearchError) {
    guard (0..<state.birthCount).contains(id.rawValue), space.contains(genome),
      known.contains(genome)
    else {
      throw .stateDoesNotFit(words: "\(id) or its genome was never born")
    }
  }
}
