import SparsityCore

/// The half of a search that thinks: the algorithm, and what it must know to propose.
///
/// It may be taken elsewhere while it thinks (``Search/lend()``), since nothing else of the search
/// waits for it.
package struct Proposer: Sendable {
  /// What fixes the search.
  let settings: SearchSettings
  private let space: ChoiceSpace
  private var algorithm: any SearchAlgorithm
  /// Every genome ever proposed; only asked for membership.
  private(set) var known: KnownGenomes
  /// The candidates being evaluated.
  private(set) var outstanding: [CandidateID: Genome] = [:]
  /// The proposals that the algorithm does not count as being evaluated yet.
  private var fresh: [Candidate] = []
  /// The accuracy of the genome that others are compared with, once measured.
  private var referenceAccuracy: Double?
  /// The initial genomes before this index are all known.
  private var initialIndex = 0

  /// Creates a proposer that has proposed nothing.
  ///
  /// - Parameter algorithm: in place of the one that the settings name.
  init(
    choiceCounts: [Int], settings: SearchSettings, algorithm: (any SearchAlgorithm.Type)?
  ) throws(SearchError) {
    space = try ChoiceSpace(choiceCounts: choiceCounts, allowed: settings.allowedChoices)
    try settings.validate(for: space)
    self.settings = settings
    known = KnownGenomes(choiceCounts: choiceCounts)
    self.algorithm = (algorithm ?? settings.algorithm.type).init(space: space, settings: settings)
  }

  /// Creates the proposer that a state was taken from.
  ///
  /// - Throws: ``SearchError`` for impossible settings or a state that cannot be theirs.
  init(
    choiceCounts: [Int], settings: SearchSettings, algorithm: (any SearchAlgorithm.Type)?,
    restoring state: SearchState
  ) throws(SearchError) {
    try self.init(choiceCounts: choiceCounts, settings: settings, algorithm: algorithm)
    guard let known = KnownGenomes(choiceCounts: choiceCounts, codes: state.known) else {
      throw .stateDoesNotFit(diagnostic: "a known genome stands twice or outside the search space")
    }
    self.known = known
    self.algorithm = try (algorithm ?? settings.algorithm.type).init(
      space: space, settings: settings, restoring: state.algorithm)
    referenceAccuracy = state.referenceAccuracy
    for candidate in state.waiting { outstanding[candidate.id] = candidate.genome }
    for candidate in state.waiting { try check(candidate.id, candidate.genome) }
    let individuals = state.archive + self.algorithm.population
    for individual in individuals + [state.nearestMiss].compactMap(\.self) {
      try check(individual.id, individual.genome)
      guard outstanding[individual.id] == nil else {
        throw .stateDoesNotFit(diagnostic: "\(individual.id) waits for its evaluation")
      }
    }
    skipKnownInitial()
  }

  private func check(_ id: CandidateID, _ genome: Genome) throws(SearchError) {
    guard (0..<known.count).contains(id.rawValue), space.contains(genome), known.contains(genome)
    else {
      throw .stateDoesNotFit(diagnostic: "\(id) or its genome was never proposed")
    }
  }

  /// The candidates that were proposed.
  package var proposalCount: Int { known.count }

  /// The individuals that the next proposals build on.
  package var population: [Individual] { algorithm.population }

  var stateBytes: [UInt8] { algorithm.stateBytes }

  /// Whether the algorithm wants to know of results before they are complete.
  var observesPartialMeasurements: Bool { algorithm.observesPartialMeasurements }

  /// Proposes the next candidates, up to `countMax` and as long as there are any; how many may be
  /// proposed in all is the caller's to know.
  package mutating func propose(countMax: Int, costs: ExactCosts) -> [Candidate] {
    var candidates: [Candidate] = []
    while candidates.count < countMax, let candidate = propose(costs: costs) {
      candidates.append(candidate)
    }
    return candidates
  }

  /// Proposes the next candidate, or returns `nil` if none is found.
  mutating func propose(costs: ExactCosts) -> Candidate? {
    guard let genome = nextGenome(costs) else { return nil }
    precondition(space.contains(genome) && !known.contains(genome))
    let candidate = Candidate(id: CandidateID(proposalCount), genome: genome)
    add(candidate)
    fresh.append(candidate)
    return candidate
  }

  /// What the context shares with the proposer is given back when this returns.
  private mutating func nextGenome(_ costs: ExactCosts) -> Genome? {
    if let reference = settings.reference, proposalCount == 0 { return reference }
    for genome in settings.initial[initialIndex...]
    where !known.contains(genome) && costs.violation(genome) <= 0 {
      return genome
    }
    if let count = space.enumerableCount, known.count >= count { return nil }
    var context = ProposalContext(
      number: proposalCount, outstanding: outstanding, costs: costs,
      accuracyFloor: settings.accuracy?.floor?.share(reference: referenceAccuracy),
      generator: SeededGenerator(seed: settings.seed, stream: UInt64(proposalCount)), known: known)
    return algorithm.propose(&context)
  }

  /// Takes up a candidate that an earlier life of the search proposed.
  ///
  /// - Throws: ``SearchError`` if it is not the next one, lies outside the space or is known.
  mutating func adopt(_ candidate: Candidate) throws(SearchError) {
    guard candidate.id.rawValue == proposalCount else {
      throw .adoptedOutOfOrder(id: candidate.id, expected: CandidateID(proposalCount))
    }
    guard space.contains(candidate.genome) else {
      throw .adoptedGenomeOutsideSpace(id: candidate.id)
    }
    guard !known.contains(candidate.genome) else { throw .adoptedTwice(id: candidate.id) }
    add(candidate)
    algorithm.begin(candidate)
  }

  private mutating func add(_ candidate: Candidate) {
    known.insert(candidate.genome)
    outstanding[candidate.id] = candidate.genome
    skipKnownInitial()
  }

  /// Takes what has happened since it began to propose, then counts its proposals as being
  /// evaluated: that is the order of the journal. Returns the proposals.
  mutating func catchUp(_ observations: [Observation]) -> [Candidate] {
    for observation in observations { take(observation) }
    defer { fresh = [] }
    for candidate in fresh { algorithm.begin(candidate) }
    return fresh
  }

  /// Takes what became of an outstanding candidate.
  mutating func take(_ observation: Observation) {
    switch observation {
    case .measured(let individual, let meanLoss, let imageCount):
      outstanding[individual.id] = nil
      if let accuracy = settings.referenceAccuracy(individual.id, individual.objectives) {
        referenceAccuracy = accuracy
      }
      algorithm.observe(individual, meanLoss: meanLoss, imageCount: imageCount)
    case .partial(let measurement): algorithm.observe(measurement)
    case .quarantined(let candidate):
      outstanding[candidate.id] = nil
      algorithm.quarantine(candidate)
    }
  }

  /// What becomes of an outstanding candidate.
  enum Observation: Sendable {
    case measured(Individual, meanLoss: Double?, imageCount: Int?)
    case partial(PartialMeasurement)
    case quarantined(Candidate)
  }

  /// Moves ``initialIndex`` to the first initial genome that was not proposed.
  private mutating func skipKnownInitial() {
    while initialIndex < settings.initial.count, known.contains(settings.initial[initialIndex]) {
      initialIndex += 1
    }
  }

  /// Whether a genome was ever proposed.
  func hasProposed(_ genome: Genome) -> Bool { known.contains(genome) }
}
