import SparsityCore

/// A multi-objective search over a space of finite choices, driven by asking and telling.
///
/// ``ask(violation:)`` gives the next candidate and never waits: any number of candidates may be
/// outstanding. ``tell(_:objectives:violation:meanLoss:imageCount:)`` takes a result. The chance in
/// candidate *k* comes from the seed and *k* alone, so the state is a pure function of the settings
/// and of the order of proposals and results: replaying both with ``adopt(_:)`` and `tell` restores
/// it. So does ``init(choiceCounts:settings:restoring:)`` with what ``state`` has said.
///
/// An algorithm that thinks for long does so elsewhere: ``lend()`` gives the ``Proposer`` away, the
/// search takes results meanwhile, and ``takeBack(_:)`` brings its proposals.
package struct Search: Sendable {
  /// What fixes the search.
  package let settings: SearchSettings
  /// The non-dominated individuals of the whole run.
  package private(set) var archive = Archive()
  /// The candidates proposed so far.
  package private(set) var proposalCount = 0
  /// The candidates told so far.
  package private(set) var evaluationCount = 0
  /// The candidates quarantined so far.
  package private(set) var quarantinedCount = 0
  /// The images that were not measured, since evaluations were stopped.
  package private(set) var savedImageCount = 0
  /// The proposals before the oldest candidate that is being evaluated, or all of them.
  package private(set) var settledPrefixCount = 0

  /// What results have said of constraints on what is measured.
  private var feasibility = MeasuredFeasibility()
  /// The genomes being evaluated.
  private var waiting: [CandidateID: Genome] = [:]
  /// What proposes; `nil` while it is lent.
  private var proposer: Proposer?
  /// What the proposer has missed.
  private var unobserved: [Proposer.Observation] = []

  /// Creates a search in which nothing is proposed yet.
  ///
  /// - Throws: ``SearchError`` that names the first impossible value.
  package init(choiceCounts: [Int], settings: SearchSettings) throws(SearchError) {
    try self.init(choiceCounts: choiceCounts, settings: settings, algorithm: nil)
  }

  /// Creates a search in which nothing is proposed yet, with any algorithm.
  ///
  /// - Parameter algorithm: in place of the one that the settings name.
  /// - Throws: ``SearchError`` that names the first impossible value.
  package init(
    choiceCounts: [Int], settings: SearchSettings, algorithm: (any SearchAlgorithm.Type)?
  ) throws(SearchError) {
    self.settings = settings
    let proposer = try Proposer(
      choiceCounts: choiceCounts, settings: settings, algorithm: algorithm)
    observesPartialMeasurements = proposer.observesPartialMeasurements
    self.proposer = proposer
  }

  /// Creates a search that goes on where another one with equal space and settings was.
  ///
  /// - Throws: ``SearchError`` for impossible settings or a state that cannot be theirs.
  /// - Complexity: O(*n* + *m* · *p*²) for *n* proposals, *p* individuals in the population and *m*
  ///   objectives.
  package init(
    choiceCounts: [Int], settings: SearchSettings, restoring state: SearchState
  ) throws(SearchError) {
    try self.init(
      choiceCounts: choiceCounts, settings: settings, algorithm: nil, restoring: state)
  }

  /// Creates a search that goes on where another one with equal space and settings was, with any
  /// algorithm.
  ///
  /// - Parameter algorithm: in place of the one that the settings name.
  /// - Throws: ``SearchError`` for impossible settings or a state that cannot be theirs.
  package init(
    choiceCounts: [Int], settings: SearchSettings, algorithm: (any SearchAlgorithm.Type)?,
    restoring state: SearchState
  ) throws(SearchError) {
    self.settings = settings
    try state.checkCounts(for: settings)
    let proposer = try Proposer(
      choiceCounts: choiceCounts, settings: settings, algorithm: algorithm, restoring: state)
    observesPartialMeasurements = proposer.observesPartialMeasurements
    self.proposer = proposer
    guard let archive = Archive(restoring: state.archive) else {
      throw .stateDoesNotFit(
        diagnostic: "the archive is out of order or holds dominated individuals")
    }
    self.archive = archive
    proposalCount = state.proposalCount
    evaluationCount = state.evaluationCount
    quarantinedCount = state.quarantinedCount
    savedImageCount = state.savedImageCount
    feasibility = MeasuredFeasibility(
      referenceAccuracy: state.referenceAccuracy, nearestMiss: NearestMiss(state.nearestMiss))
    for candidate in state.waiting { waiting[candidate.id] = candidate.genome }
    settledPrefixCount = state.waiting.first?.id.rawValue ?? proposalCount
    checkInvariants()
  }

  /// The number of candidates being evaluated.
  package var outstandingCount: Int { waiting.count }

  /// The candidates being evaluated, in order of proposal.
  package var outstanding: [Candidate] {
    waiting.map { Candidate(id: $0.key, genome: $0.value) }.sorted { $0.id < $1.id }
  }

  /// The individuals that the next proposals build on; none while the proposer is lent.
  package var population: [Individual] { proposer?.population ?? [] }

  /// Whether the algorithm wants to know of results before they are complete.
  package let observesPartialMeasurements: Bool

  /// What another search with equal space and settings needs to go on as this one; `nil` while the
  /// proposer is lent.
  ///
  /// - Complexity: O(*p* + *a* + *w* log *w*) for *p* individuals that the algorithm keeps, *a* in
  ///   the archive and *w* candidates being evaluated; the number of proposals does not matter.
  package var state: SearchState? {
    proposer.map { proposer in
      SearchState(
        proposalCount: proposalCount, evaluationCount: evaluationCount,
        quarantinedCount: quarantinedCount, savedImageCount: savedImageCount,
        referenceAccuracy: referenceAccuracy, archive: archive.individuals,
        nearestMiss: nearestMiss.individual, waiting: outstanding, known: proposer.known.codes,
        algorithm: proposer.stateBytes)
    }
  }

  /// The accuracy of the genome with which an ``AccuracyFloor`` compares others, once measured.
  package var referenceAccuracy: Double? { feasibility.referenceAccuracy }

  /// What comes nearest to meeting the constraints, of what does not meet them.
  package var nearestMiss: NearestMiss { feasibility.nearestMiss }

  /// The accuracy below which candidates are infeasible; `nil` without such a constraint, and as
  /// long as the accuracy that it depends on is not known.
  package var accuracyFloor: Double? {
    settings.accuracy?.floor?.share(reference: referenceAccuracy)
  }

  /// The accuracy so far below which evaluations end: ``accuracyFloor``, but as long as nothing is
  /// feasible no more than the nearest miss has, so that what comes nearer is measured in full.
  package var stoppingFloor: Double? {
    guard let accuracyFloor, let accuracy = settings.accuracy else { return nil }
    if archive.count > 0 { return accuracyFloor }
    return nearestMiss.comparable.map { min(accuracyFloor, -$0.objectives[accuracy.place]) }
  }

  /// Whether results say nothing of feasibility yet, since the genome that they are compared with
  /// is not concluded.
  package var awaitsReference: Bool {
    settings.reference != nil && settledPrefixCount == 0
  }

  // MARK: Proposing

  /// Whether the proposer is elsewhere.
  package var isLent: Bool { proposer == nil }

  /// Gives the proposer away, to think elsewhere.
  ///
  /// - Precondition: it is not lent.
  package mutating func lend() -> Proposer {
    guard let lent = proposer else { preconditionFailure("the proposer is lent already") }
    proposer = nil
    return lent
  }

  /// Takes the lent proposer back, tells it what it has missed, and returns what it has proposed.
  package mutating func takeBack(_ proposer: consuming Proposer) -> [Candidate] {
    precondition(isLent)
    let candidates = proposer.catchUp(unobserved)
    unobserved.removeAll()
    for candidate in candidates { count(candidate) }
    self.proposer = consume proposer
    checkInvariants()
    return candidates
  }

  /// The candidates that may be proposed: as many as there are full evaluations to spend, and one
  /// more for every full evaluation that stopped ones have saved.
  package var proposalCountMax: Int {
    let saved = settings.accuracy.map { savedImageCount / $0.imageCount } ?? 0
    return min(
      settings.evaluationCountMax + saved, SearchSettings.evaluationCountRange.upperBound)
  }

  /// The candidates that may be proposed now.
  package var proposalCountLeft: Int { max(0, proposalCountMax - proposalCount) }

  /// Returns the next candidate, or `nil` if the evaluations are spent or none can be found.
  ///
  /// `violation` tells how far a genome is from meeting the constraints, 0 or less if it meets
  /// them; it must be a fixed function during the run. Genomes that do not meet them are never
  /// returned, but for an ``AccuracyFloor/reference``, nor is any genome twice. A `nil` before the
  /// evaluations are spent means that the space is exhausted, or that a bounded effort found no
  /// feasible genome; a later result may help in the second case. A `nil` changes nothing that a
  /// replay would not bring about.
  package mutating func ask(violation: @escaping (Genome) -> Double = { _ in 0 }) -> Candidate? {
    ask(costs: ExactCosts(violation: violation))
  }

  /// Returns the next candidate, with all that is known of genomes without measuring them.
  package mutating func ask(costs: ExactCosts) -> Candidate? {
    var proposer = lend()
    _ = proposer.propose(countMax: min(1, proposalCountLeft), costs: costs)
    return takeBack(consume proposer).first
  }

  /// Takes up a candidate that an earlier life of the search asked for.
  ///
  /// - Throws: ``SearchError`` if it is not the next proposal, lies outside the space or is known.
  /// - Precondition: the proposer is not lent.
  package mutating func adopt(_ candidate: Candidate) throws(SearchError) {
    guard proposer != nil else { preconditionFailure("the proposer is lent") }
    try proposer?.adopt(candidate)
    count(candidate)
    checkInvariants()
  }

  private mutating func count(_ candidate: Candidate) {
    waiting[candidate.id] = candidate.genome
    proposalCount += 1
  }

  /// Whether a genome was ever proposed.
  ///
  /// - Precondition: the proposer is not lent.
  package func hasProposed(_ genome: Genome) -> Bool {
    guard let proposer else { preconditionFailure("the proposer is lent") }
    return proposer.hasProposed(genome)
  }

  // MARK: Results

  /// Takes the result of an outstanding candidate; returns whether it joined the archive.
  ///
  /// `violation` is that of constraints on measured quantities, 0 or less if they are met;
  /// `meanLoss` tells an algorithm more than how many images are right, if it is a number.
  /// `imageCount` is there if the evaluation was stopped after so many images: then the rest is an
  /// estimate that never joins the archive, and the images that were not measured are left for more
  /// candidates.
  ///
  /// - Throws: ``SearchError`` if the candidate is not outstanding or a number is not usable; then
  ///   nothing changes.
  @discardableResult
  package mutating func tell(
    _ id: CandidateID, objectives: [Double], violation: Double = 0, meanLoss: Double? = nil,
    imageCount: Int? = nil
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
    let savedImages = try savedImages(of: id, measured: imageCount)
    defer { checkInvariants() }
    waiting[id] = nil
    evaluationCount += 1
    savedImageCount += savedImages
    if let accuracy = settings.referenceAccuracy(id, objectives) {
      feasibility.referenceAccuracy = accuracy
    }
    advanceSettledPrefix()
    let individual = Individual(
      id: id, genome: genome, objectives: objectives, violation: violation)
    observe(
      .measured(
        individual, meanLoss: meanLoss.flatMap { $0.isFinite ? $0 : nil }, imageCount: imageCount))
    feasibility.nearestMiss.offer(individual, isWhole: imageCount == nil)
    return imageCount == nil && archive.insert(individual)
  }

  /// Returns the images that were not measured of a candidate whose evaluation was stopped.
  private func savedImages(
    of id: CandidateID, measured imageCount: Int?
  ) throws(SearchError) -> Int {
    guard let imageCount else { return 0 }
    let whole = settings.accuracy?.imageCount ?? 0
    guard (1..<max(1, whole)).contains(imageCount) else {
      throw .notStopped(id: id, imageCount: imageCount, whole: whole)
    }
    return whole - imageCount
  }

  /// Takes what was measured so far of a candidate; without effect unless it is outstanding and
  /// the algorithm wants to know.
  package mutating func tell(_ measurement: PartialMeasurement) {
    guard observesPartialMeasurements, waiting[measurement.candidate.id] != nil else { return }
    observe(.partial(measurement))
  }

  /// Quarantines an outstanding candidate: it counts as spent and is never asked for again.
  ///
  /// - Throws: ``SearchError/notOutstanding(id:)``.
  package mutating func quarantine(_ id: CandidateID) throws(SearchError) {
    guard let genome = waiting.removeValue(forKey: id) else { throw .notOutstanding(id: id) }
    quarantinedCount += 1
    advanceSettledPrefix()
    observe(.quarantined(Candidate(id: id, genome: genome)))
    checkInvariants()
  }

  /// Tells the proposer what has happened, now or when it is back.
  private mutating func observe(_ observation: Proposer.Observation) {
    if isLent { unobserved.append(observation) } else { proposer?.take(observation) }
  }

  private mutating func advanceSettledPrefix() {
    while settledPrefixCount < proposalCount, waiting[CandidateID(settledPrefixCount)] == nil {
      settledPrefixCount += 1
    }
  }

  /// Traps unless every proposal is in exactly one place.
  private func checkInvariants() {
    if let proposer {
      precondition(proposer.proposalCount == proposalCount)
      precondition(proposer.outstanding.count == waiting.count)
      precondition(unobserved.isEmpty)
    }
    precondition(waiting.count + evaluationCount + quarantinedCount == proposalCount)
    precondition(settledPrefixCount <= proposalCount)
    precondition(proposalCount <= SearchSettings.evaluationCountRange.upperBound)
    precondition(archive.count <= evaluationCount)
    assert(archive.count > 64 || archive.isConsistent)
  }
}
