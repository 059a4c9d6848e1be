import SparsityCore

/// A multi-objective search over a space of finite choices, driven by asking and telling.
///
/// ``ask(violation:)`` gives the next candidate and never waits: any number of candidates may be
/// outstanding. ``tell(_:objectives:violation:)`` takes a result. The chance in candidate *k* comes
/// from the seed and *k* alone, so the state is a pure function of the settings and of the order
/// of births and results: replaying both with ``adopt(_:)`` and `tell` restores it. So does
/// ``init(choiceCounts:settings:restoring:)`` with what ``state`` has said.
public struct Search: Sendable {
  /// What fixes the search.
  public let settings: SearchSettings
  /// The non-dominated individuals of the whole run.
  public internal(set) var archive = Archive()
  /// The candidates born so far.
  public internal(set) var birthCount = 0
  /// The candidates told so far.
  public internal(set) var evaluationCount = 0
  /// The candidates given up so far.
  public internal(set) var abandonedCount = 0

  /// The births before the oldest candidate that is being evaluated, or all of them.
  public internal(set) var settledPrefixCount = 0

  let space: ChoiceSpace
  private let operators: Operators
  var survivors: RankedPopulation
  /// Every genome ever born; only asked for membership.
  var known: KnownGenomes
  /// The genomes being evaluated.
  var waiting: [CandidateID: Genome] = [:]
  /// The initial genomes before this place are all known.
  private var initialPlace = 0

  /// Creates a search in which nothing is born yet.
  ///
  /// - Throws: ``SearchError`` that names the first impossible value.
  public init(choiceCounts: [Int], settings: SearchSettings) throws(SearchError) {
    let space = try ChoiceSpace(choiceCounts: choiceCounts, allowed: settings.allowedChoices)
    try settings.validate(for: space)
    self.settings = settings
    self.space = space
    known = KnownGenomes(choiceCounts: choiceCounts)
    operators = Operators(space: space, settings: settings)
    survivors = RankedPopulation(sizeMax: settings.populationSize)
  }

  /// The individuals that parents are chosen from.
  public var population: [Individual] { survivors.individuals }

  /// The number of candidates being evaluated.
  public var outstandingCount: Int { waiting.count }

  /// The candidates being evaluated, in order of birth.
  public var outstanding: [Candidate] {
    waiting.map { Candidate(id: $0.key, genome: $0.value) }.sorted { $0.id < $1.id }
  }

  /// Whether a genome was ever born.
  public func hasBorn(_ genome: Genome) -> Bool { known.contains(genome) }

  /// Returns the next candidate, or `nil` if the evaluations are spent or none can be found.
  ///
  /// `violation` tells how far a genome is from meeting the constraints, 0 or less if it meets
  /// them; it must be a fixed function during the run. Genomes that do not meet them are never
  /// returned, nor is any genome twice. A `nil` before the evaluations are spent means that the
  /// space is exhausted, or that a bounded effort found no feasible genome; a later result may
  /// help in the second case. A `nil` changes nothing.
  public mutating func ask(violation: (Genome) -> Double) -> Candidate? {
    guard birthCount < settings.evaluationCountMax else { return nil }
    guard let genome = nextGenome(violation: violation) else { return nil }
    let candidate = Candidate(id: CandidateID(birthCount), genome: genome)
    birth(candidate)
    return candidate
  }

  /// Returns the next candidate of a search without constraints.
  public mutating func ask() -> Candidate? {
    ask { _ in 0 }
  }

  /// Takes up a candidate that an earlier life of the search asked for.
  ///
  /// - Throws: ``SearchError`` if it is not the next birth, lies outside the space or is known.
  public mutating func adopt(_ candidate: Candidate) throws(SearchError) {
    guard candidate.id.rawValue == birthCount else {
      throw .adoptedOutOfOrder(id: candidate.id, expected: CandidateID(birthCount))
    }
    guard space.contains(candidate.genome) else {
      throw .adoptedGenomeOutsideSpace(id: candidate.id)
    }
    guard !known.contains(candidate.genome) else { throw .adoptedTwice(id: candidate.id) }
    birth(candidate)
  }

  /// Takes the result of an outstanding candidate; returns whether it joined the archive.
  ///
  /// `violation` is that of constraints on measured quantities, 0 or less if they are met.
  ///
  /// - Throws: ``SearchError`` if the candidate is not outstanding or a number is not usable; then
  ///   nothing changes.
  @discardableResult
  public mutating func tell(
    _ id: CandidateID, objectives: [Double], violation: Double = 0
  ) throws(SearchError) -> Bool {
    guard let genome = waiting[id] else { throw .notOutstanding(id: id) }
    guard objectives.count == settings.objectiveCount else {
      throw .wrongObjectiveCount(
        id: id, count: objectives.count, expected: settings.objectiveCount)
    }
    if let index = objectives.firstIndex(where: { !$0.isFinite }) {
      throw .objectiveNotFinite(id: id, index: index, value: "\(objectives[index])")
    }
    guard !violation.isNaN else { throw .violationNotANumber(id: id) }
    defer { checkInvariants() }
    waiting[id] = nil
    evaluationCount += 1
    advanceSettledPrefix()
    let individual = Individual(
      id: id, genome: genome, objectives: objectives, violation: violation)
    survivors.insert(individual)
    return archive.insert(individual)
  }

  /// Gives up an outstanding candidate: it counts as spent and is never asked for again.
  ///
  /// - Throws: ``SearchError/notOutstanding(id:)``.
  public mutating func abandon(_ id: CandidateID) throws(SearchError) {
    guard waiting.removeValue(forKey: id) != nil else { throw .notOutstanding(id: id) }
    abandonedCount += 1
    advanceSettledPrefix()
    checkInvariants()
  }

  private mutating func advanceSettledPrefix() {
    while settledPrefixCount < birthCount, waiting[CandidateID(settledPrefixCount)] == nil {
      settledPrefixCount += 1
    }
  }

  private mutating func birth(_ candidate: Candidate) {
    defer { checkInvariants() }
    known.insert(candidate.genome)
    waiting[candidate.id] = candidate.genome
    birthCount += 1
    skipKnownInitial()
  }

  /// Moves ``initialPlace`` to the first initial genome that was not born.
  mutating func skipKnownInitial() {
    while initialPlace < settings.initial.count, known.contains(settings.initial[initialPlace]) {
      initialPlace += 1
    }
  }

  /// Traps unless every birth is in exactly one place.
  func checkInvariants() {
    precondition(known.count == birthCount)
    precondition(waiting.count + evaluationCount + abandonedCount == birthCount)
    precondition(settledPrefixCount <= birthCount)
    precondition(birthCount <= SearchSettings.evaluationCountRange.upperBound)
    precondition(archive.count <= evaluationCount)
    survivors.checkInvariants()
    assert(archive.count > 64 || archive.isConsistent)
  }
}

extension Search {
  /// Returns the genome of the next birth: initial, sampled or an offspring.
  private func nextGenome(violation: (Genome) -> Double) -> Genome? {
    for genome in settings.initial[initialPlace...]
    where !known.contains(genome) && violation(genome) <= 0 {
      return genome
    }
    if let count = space.enumerableCount, known.count >= count { return nil }
    var generator = SeededGenerator(seed: settings.seed, stream: UInt64(birthCount))
    let isSampling =
      settings.algorithm == .randomSearch || birthCount < settings.samplingCount
      || survivors.individuals.count < 2
    if !isSampling {
      let genome = operators.offspring(
        of: survivors, known: known, using: &generator, violation: violation)
      if let genome { return genome }
    }
    return operators.sample(
      number: birthCount, known: known, using: &generator, violation: violation)
      ?? operators.enumerated(known: known, using: &generator, violation: violation)
  }
}
