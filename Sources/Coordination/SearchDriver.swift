import AcceleratorModel
import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Drives the search: when it is asked for candidates, and in which order it is told of results.
///
/// In strict mode the order of both is fixed: proposals come before results wherever both could,
/// so candidate *k* is proposed after the results of exactly the candidates up to *k* − window
/// that were not quarantined, whatever the number and speed of the workers.
package struct SearchDriver: Sendable {
  /// The search, with the archive of non-dominated individuals.
  package private(set) var search: Search
  private let order: CommitOrder
  private let model: CandidateModel
  /// The keys of the run's shards, once the arithmetic is known that they depend on.
  private(set) var keys: ShardKeys?
  /// The candidates that were set aside because they cannot be evaluated.
  private var quarantined: Set<CandidateID>
  /// The evaluated candidates that the search is told about when those before them are concluded.
  private var heldBack: [CandidateID: OpenCandidate] = [:]
  /// The concluded candidates at which the search last had nothing to offer.
  private var exhaustedAt: Int?
  /// The results of the front, shard by shard.
  private(set) var frontResults: FrontResults
  /// What was measured before the search has begun anew, for candidates that come again.
  private var known: KnownResults

  /// Creates a driver of a search that has proposed nothing.
  package init(settings: CoordinatorSettings) throws(CoordinationError) {
    self.init(try Replay(settings: settings))
  }

  /// Takes over what a journal has brought back.
  init(_ replay: Replay) {
    search = replay.search
    order = replay.settings.order
    model = replay.settings.model
    keys = replay.keys
    quarantined = replay.quarantined
    frontResults = replay.frontResults
    known = replay.known
  }

  // MARK: Questions

  /// Whether the search is told about results in the order of proposal.
  package var isStrict: Bool { order != .asynchronous }

  /// The candidates that the search waits for no more.
  package var concludedCount: Int { search.evaluationCount + search.abandonedCount }

  /// Whether the search has nothing more to offer, now that its candidates are concluded.
  package var isSpent: Bool {
    search.birthCount >= search.settings.evaluationCountMax || exhaustedAt == concludedCount
  }

  /// Whether a candidate may be proposed now.
  ///
  /// In strict mode only within the window. Candidates that are quarantined leave it at once: the
  /// next proposals depend on what was told, not on them.
  package var mayPropose: Bool {
    guard !isSpent else { return false }
    guard case .strict(let window) = order else { return true }
    return search.birthCount - search.settledPrefixCount < window
  }

  /// Whether evaluated candidates wait for their turn.
  package var holdsBack: Bool { !heldBack.isEmpty }

  /// The candidates that wait for their turn, in order.
  package var heldBackCandidates: [CandidateID] { heldBack.keys.sorted() }

  /// The candidates that were set aside, in order.
  package var quarantinedCandidates: [CandidateID] { quarantined.sorted() }

  /// The number of candidates that were set aside.
  package var quarantinedCount: Int { quarantined.count }

  /// Whether a candidate was set aside.
  package func isQuarantined(_ candidate: CandidateID) -> Bool { quarantined.contains(candidate) }

  /// A candidate that waits for its turn.
  package func heldBack(_ candidate: CandidateID) -> OpenCandidate? { heldBack[candidate] }

  /// A candidate that was evaluated, for whom it serves to evaluate a shard of it again.
  package var evaluatedCandidate: Candidate? {
    if let id = heldBack.keys.min(), let open = heldBack[id] { return open.candidate }
    return search.archive.individuals.first.map { Candidate(id: $0.id, genome: $0.genome) }
  }

  /// The candidate that the search would propose next.
  ///
  /// - Complexity: that of a copy of the search.
  package var nextCandidate: Candidate? {
    var future = search
    return future.ask { [model] genome in model.violation(genome, model.cost(genome)) }
  }

  // MARK: Proposing

  /// Takes up the keys of the run's shards once the arithmetic is chosen.
  package mutating func choose(_ keys: ShardKeys?) {
    precondition(self.keys == nil)
    self.keys = keys
  }

  /// Has the search propose a candidate, or returns `nil` if it has none now.
  package mutating func propose(slices: [ImageSlice]) -> Proposal? {
    guard let keys else { preconditionFailure("a candidate came before the arithmetic") }
    guard let candidate = search.ask(violation: { [model] in model.violation($0, model.cost($0)) })
    else {
      exhaustedAt = concludedCount
      return nil
    }
    return Proposal(
      candidate: candidate, cost: model.cost(candidate.genome),
      keys: keys.keys(of: candidate.genome, slices: slices))
  }

  /// A candidate that the search has proposed, with the keys of its shards.
  package struct Proposal: Sendable {
    package let candidate: Candidate
    package let cost: Cost
    package let keys: [ShardKey]
  }

  /// Removes and returns what was measured of a candidate before the search has begun anew.
  package mutating func recall(_ open: OpenCandidate) -> [ShardCompletion] {
    guard !known.isEmpty else { return [] }
    defer { known.prune(birthCount: search.birthCount) }
    return open.keys.enumerated().compactMap { slice, key in
      known.take(key, for: ShardID(candidate: open.candidate.id, slice: slice))
    }
  }

  /// Whether results are known from before the search has begun anew.
  package var knowsResults: Bool { !known.isEmpty }

  // MARK: Concluding

  /// Keeps an evaluated candidate until its turn has come.
  package mutating func holdBack(_ open: OpenCandidate) {
    precondition(heldBack[open.candidate.id] == nil)
    heldBack[open.candidate.id] = open
  }

  /// Removes and returns the candidate that the search must be told about next, once evaluated.
  package mutating func takeNext() -> OpenCandidate? {
    heldBack.removeValue(forKey: CandidateID(search.settledPrefixCount))
  }

  /// Tells the search about an evaluated candidate; returns whether it has come onto the front.
  package mutating func tell(
    _ open: OpenCandidate, _ evaluated: EvaluatedCandidate, as objectives: [Objective]
  ) -> Bool {
    do {
      let isOnFront = try search.tell(
        evaluated.candidate, objectives: evaluated.minimized(objectives))
      if isOnFront { frontResults.add(open, front: search.archive.individuals) }
      return isOnFront
    } catch {
      preconditionFailure("the search refuses an open candidate: \(error)")
    }
  }

  /// Sets an open candidate aside that fails wherever it is evaluated.
  package mutating func quarantine(_ candidate: CandidateID) {
    do {
      try search.abandon(candidate)
    } catch {
      preconditionFailure("the search refuses to give up an open candidate: \(error)")
    }
    quarantined.insert(candidate)
  }

  /// Takes note that a shard of a candidate was measured again with another key.
  package mutating func confirm(_ candidate: CandidateID) { frontResults.confirm(candidate) }

  /// Traps unless every proposed candidate is open, waits for its turn, or is concluded.
  package func checkInvariants(openCount: Int) {
    precondition(search.outstandingCount == openCount + heldBack.count)
    precondition(search.abandonedCount == quarantined.count)
    precondition(quarantined.isDisjoint(with: heldBack.keys))
    if case .strict(let window) = order {
      precondition(search.birthCount - search.settledPrefixCount <= window)
    }
  }
}
