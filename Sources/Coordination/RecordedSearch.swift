import EvolutionarySearch
import SparsityCore
import WireProtocol

/// The search of a run with what the journal says of its candidates: which were set aside, what was
/// measured of those that are not evaluated, and the results of those on the front.
///
/// A replay brings it back record by record, and the driver of the run goes on with it, so both
/// change it by the same methods.
package struct RecordedSearch: Sendable {
  /// The search, with the archive of non-dominated individuals.
  package private(set) var search: Search
  /// The candidates that were set aside because they cannot be evaluated.
  package private(set) var quarantined: Set<CandidateID>
  /// The results of the front, shard by shard.
  private(set) var frontResults: FrontResults
  /// What was measured of candidates that are not evaluated.
  private var partial: PartialResults
  /// What was measured before the search began anew, for candidates that come again.
  private var known = KnownResults()
  /// When evaluations end early; `nil` if none does.
  private let stopping: EarlyStopping?
  private let objectives: [Objective]

  /// Creates a search that has proposed nothing, or the one that a snapshot holds.
  ///
  /// - Throws: ``CoordinationError`` for settings that do not allow a search, and for a snapshot of
  ///   another search or that contradicts itself.
  package init(
    settings: CoordinatorSettings, snapshot: CoordinatorSnapshot? = nil
  ) throws(CoordinationError) {
    let choiceCounts = settings.space.choiceCounts
    do throws(SearchError) {
      search =
        if let state = snapshot?.search {
          try Search(
            choiceCounts: choiceCounts, settings: settings.search, algorithm: settings.algorithm,
            restoring: state)
        } else {
          try Search(
            choiceCounts: choiceCounts, settings: settings.search, algorithm: settings.algorithm)
        }
    } catch .stateDoesNotFit(let diagnostic) {
      throw .unusableSnapshot(diagnostic: diagnostic)
    } catch {
      throw .search(error)
    }
    partial = PartialResults(settings: settings, search: search)
    stopping = settings.stopping
    objectives = settings.description.objectives
    frontResults = snapshot?.frontResults ?? FrontResults()
    quarantined = Set(snapshot?.quarantined ?? [])
    guard let snapshot else { return }
    guard quarantined.count == snapshot.quarantined.count,
      quarantined.count == search.quarantinedCount,
      quarantined.allSatisfy({ $0.rawValue < search.proposalCount }),
      quarantined.isDisjoint(with: search.outstanding.map(\.id))
    else {
      throw .unusableSnapshot(
        diagnostic: "\(snapshot.quarantined.count) candidates are quarantined, the search has "
          + "\(search.quarantinedCount)")
    }
  }

  // MARK: Proposals

  /// Lends the part of the search that proposes; see ``EvolutionarySearch/Search/lend()``.
  package mutating func lend() -> Proposer { search.lend() }

  /// Takes the lent part back; returns what it has proposed.
  package mutating func takeBack(_ proposer: Proposer) -> [Candidate] { search.takeBack(proposer) }

  /// Adds a candidate that was proposed before.
  package mutating func adopt(_ candidate: Candidate) throws(SearchError) {
    try search.adopt(candidate)
    known.prune(proposalCount: search.proposalCount)
  }

  // MARK: Early stopping

  /// Decides what becomes of a candidate whose planned shards all have results, from the front as
  /// it is now; `nil` while one has none, and where all of all candidates are measured.
  ///
  /// - Parameter sliceCount: the slices after which it is looked first; the planned ones if `nil`.
  /// - Complexity: O(*f* · *n*) for a front of *f* individuals and *n* images.
  package func decision(
    about open: OpenCandidate, lookingFrom sliceCount: Int? = nil
  ) -> EarlyStopping.Decision? {
    guard let stopping, open.results.prefix(open.plannedCount).allSatisfy({ $0 != nil }) else {
      return nil
    }
    return stopping.decision(
      about: open.results, lookingFrom: sliceCount ?? open.plannedCount,
      objectives: objectives.map { objective in
        open.cost.value(of: objective).map(objective.minimized) ?? 0
      },
      accuracyFloor: search.stoppingFloor,
      front: frontResults.members(of: search.archive.individuals))
  }

  // MARK: Results

  /// Sums up a candidate whose shards are all done, or those before its evaluation has ended.
  package func evaluation(
    of open: OpenCandidate, settings: CoordinatorSettings
  ) -> EvaluatedCandidate {
    EvaluatedCandidate(open, settings: settings, accuracyFloor: search.accuracyFloor)
  }

  /// Tells the search about an evaluated candidate; returns whether it has come onto the front.
  package mutating func tell(
    _ open: OpenCandidate, _ evaluated: EvaluatedCandidate
  ) throws(SearchError) -> Bool {
    let isOnFront = try search.tell(
      open.candidate.id, objectives: evaluated.minimized(objectives),
      violation: evaluated.violation, meanLoss: evaluated.meanLoss,
      imageCount: evaluated.isStopped ? evaluated.imageCount : nil)
    if isOnFront { frontResults.add(open, front: search.archive.individuals) }
    return isOnFront
  }

  /// Tells the search what was measured of an open candidate, if it wants to know.
  package mutating func tell(correctCount: Int, imageCount: Int, of open: OpenCandidate) {
    if let measurement = partial.add(
      correctCount: correctCount, imageCount: imageCount, of: open)
    {
      search.tell(measurement)
    }
  }

  /// Adds what was measured of an open candidate, of which the search knows already.
  package mutating func restore(correctCount: Int, imageCount: Int, of open: OpenCandidate) {
    _ = partial.add(correctCount: correctCount, imageCount: imageCount, of: open)
  }

  /// Sets an open candidate aside that fails wherever it is evaluated.
  package mutating func quarantine(_ candidate: CandidateID) throws(SearchError) {
    partial.remove(candidate)
    try search.quarantine(candidate)
    quarantined.insert(candidate)
  }

  /// Takes note that a shard of a candidate was measured again with another key.
  package mutating func confirm(_ candidate: CandidateID) { frontResults.confirm(candidate) }

  // MARK: Results of a search that has begun anew

  /// Whether results are known from before the search has begun anew.
  package var knowsResults: Bool { !known.isEmpty }

  /// Keeps a result of the search before.
  package mutating func remember(_ completion: ShardCompletion) { known.add(completion) }

  /// Forgets a result that was recorded anew.
  package mutating func forget(_ key: ShardKey, of shard: ShardID) {
    _ = known.take(key, for: shard)
  }

  /// Removes and returns what was measured of a candidate's pending shards before the search has
  /// begun anew.
  package mutating func recall(_ open: OpenCandidate) -> [ShardCompletion] {
    guard !known.isEmpty else { return [] }
    defer { known.prune(proposalCount: search.proposalCount) }
    return open.keys.enumerated().compactMap { slice, key in
      guard [.pending, .unrecorded].contains(open.shards[slice]) else { return nil }
      return known.take(key, for: ShardID(candidate: open.candidate.id, slice: slice))
    }
  }

  /// Traps unless exactly the candidates that were set aside are spent without a result.
  package func checkInvariants() {
    precondition(search.quarantinedCount == quarantined.count)
  }
}
