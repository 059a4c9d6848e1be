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
  /// The search, with what the journal says of its candidates.
  private var recorded: RecordedSearch
  private let order: CommitOrder
  private let model: CandidateModel
  private let objectives: [Objective]
  /// The keys of the run's shards, once the arithmetic is known that they depend on.
  private(set) var keys: ShardKeys?
  /// The evaluated candidates that the search is told about when those before them are concluded.
  private var heldBack: [CandidateID: OpenCandidate] = [:]
  /// The concluded candidates at which the search last had nothing to offer.
  private var exhaustedAt: Int?
  /// What the search is asked for right now.
  private var asked: Question?
  /// The shards that workers would take besides those that there are.
  private var demand = 0

  /// Creates a driver of a search that has proposed nothing.
  package init(settings: CoordinatorSettings) throws(CoordinationError) {
    self.init(try Replay(settings: settings))
  }

  /// Takes over what a journal has brought back.
  init(_ replay: Replay) {
    recorded = replay.recorded
    order = replay.settings.order
    model = replay.settings.model
    objectives = replay.settings.description.objectives
    keys = replay.keys
  }

  // MARK: Questions

  /// The search, with the archive of non-dominated individuals.
  package var search: Search { recorded.search }

  /// The results of the front, shard by shard.
  var frontResults: FrontResults { recorded.frontResults }

  /// Whether the search is told about results in the order of proposal.
  package var isStrict: Bool { order != .asynchronous }

  /// The candidates that the search waits for no more.
  package var concludedCount: Int { search.evaluationCount + search.quarantinedCount }

  /// Whether the search has nothing more to offer, now that its candidates are concluded.
  package var isSpent: Bool {
    search.proposalCountLeft == 0 || exhaustedAt == concludedCount
  }

  /// Whether a candidate may be proposed now.
  ///
  /// In strict mode only within the window. Candidates that are quarantined leave it at once: the
  /// next proposals depend on what was told, not on them.
  package var mayPropose: Bool {
    guard !isSpent else { return false }
    guard case .strict(let window) = order else { return true }
    return search.proposalCount - search.settledPrefixCount < window
  }

  /// Whether evaluated candidates wait for their turn.
  package var holdsBack: Bool { !heldBack.isEmpty }

  /// The candidates that wait for their turn, in order.
  package var heldBackCandidates: [CandidateID] { heldBack.keys.sorted() }

  /// The candidates that were set aside, in order.
  package var quarantinedCandidates: [CandidateID] { recorded.quarantined.sorted() }

  /// The number of candidates that were set aside.
  package var quarantinedCount: Int { recorded.quarantined.count }

  /// Whether a candidate was set aside.
  package func isQuarantined(_ candidate: CandidateID) -> Bool {
    recorded.quarantined.contains(candidate)
  }

  /// A candidate that waits for its turn.
  package func heldBack(_ candidate: CandidateID) -> OpenCandidate? { heldBack[candidate] }

  /// A candidate that was evaluated, for whom it serves to evaluate a shard of it again.
  package var evaluatedCandidate: Candidate? {
    if let id = heldBack.keys.min(), let open = heldBack[id] { return open.candidate }
    let evaluated = search.archive.individuals.first ?? search.nearestMiss.individual
    return evaluated.map { Candidate(id: $0.id, genome: $0.genome) }
  }

  /// Whether the search was asked and has not answered yet.
  package var isAsking: Bool { asked != nil }

  /// The candidate that the search would propose next, unless it is being asked.
  ///
  /// - Complexity: that of a copy of the search.
  package var nextCandidate: Candidate? {
    guard !isAsking else { return nil }
    var future = search
    return future.ask(costs: model.exactCosts(of: objectives))
  }

  // MARK: Proposing

  /// Takes up the keys of the run's shards once the arithmetic is chosen.
  package mutating func choose(_ keys: ShardKeys?) {
    precondition(self.keys == nil)
    self.keys = keys
  }

  /// Takes note how many shards workers would take besides those that there are.
  ///
  /// In strict mode it does not matter: there the window decides.
  package mutating func want(shardCount: Int) { demand = shardCount }

  /// Asks the search for candidates, or returns `nil` if none are wanted or it is being asked.
  ///
  /// - Parameters:
  ///   - countMax: the candidates that there is room for.
  ///   - shardCount: the shards of a candidate.
  package mutating func ask(countMax: Int, shardCount: Int) -> ProposalRequest? {
    guard asked == nil, mayPropose else { return nil }
    let wanted =
      switch order {
      case .asynchronous: (demand + shardCount - 1) / shardCount
      case .strict(let window): window - (search.proposalCount - search.settledPrefixCount)
      }
    let count = min(wanted, countMax, search.proposalCountLeft)
    guard count > 0 else { return nil }
    asked = Question(countMax: count, concludedCount: concludedCount)
    return ProposalRequest(
      countMax: count, proposer: recorded.lend(), model: model, objectives: objectives)
  }

  /// Takes what the search has proposed.
  package mutating func take(_ answer: ProposalAnswer, slices: [ImageSlice]) -> [Proposal] {
    guard let keys else { preconditionFailure("a candidate came before the arithmetic") }
    guard let question = asked else { preconditionFailure("an answer that nobody has asked for") }
    asked = nil
    let candidates = recorded.takeBack(answer.proposer())
    if candidates.count < question.countMax { exhaustedAt = question.concludedCount }
    return candidates.map { candidate in
      Proposal(
        candidate: candidate, cost: model.cost(candidate.genome),
        keys: keys.keys(of: candidate.genome, slices: slices))
    }
  }

  /// What the search is asked.
  private struct Question {
    let countMax: Int
    /// The concluded candidates of which the search knew.
    let concludedCount: Int
  }

  /// A candidate that the search has proposed, with the keys of its shards.
  package struct Proposal: Sendable {
    package let candidate: Candidate
    package let cost: Cost
    package let keys: [ShardKey]
  }

  /// Removes and returns what was measured of a candidate before the search has begun anew.
  package mutating func recall(_ open: OpenCandidate) -> [ShardCompletion] {
    recorded.recall(open)
  }

  /// Whether results are known from before the search has begun anew.
  package var knowsResults: Bool { recorded.knowsResults }

  // MARK: Concluding

  /// Keeps an evaluated candidate until its turn has come.
  package mutating func holdBack(_ open: OpenCandidate) {
    precondition(heldBack[open.candidate.id] == nil)
    heldBack[open.candidate.id] = open
  }

  /// Decides what becomes of a candidate whose planned shards all have results (see
  /// ``RecordedSearch/decision(about:lookingFrom:)``).
  package func decision(
    about open: OpenCandidate, lookingFrom sliceCount: Int? = nil
  ) -> EarlyStopping.Decision? {
    recorded.decision(about: open, lookingFrom: sliceCount)
  }

  /// Removes and returns all candidates that wait for their turn, in order.
  package mutating func takeAll() -> [OpenCandidate] {
    defer { heldBack = [:] }
    return heldBack.values.sorted { $0.candidate.id < $1.candidate.id }
  }

  /// Removes and returns the candidate that the search must be told about next, once evaluated.
  package mutating func takeNext() -> OpenCandidate? {
    heldBack.removeValue(forKey: CandidateID(search.settledPrefixCount))
  }

  /// Whether evaluated candidates wait for that with which their accuracies are compared.
  package var awaitsReference: Bool { search.awaitsReference }

  /// Sums up a candidate whose shards are all done, or those before its evaluation has ended.
  package func evaluation(
    of open: OpenCandidate, settings: CoordinatorSettings
  ) -> EvaluatedCandidate {
    recorded.evaluation(of: open, settings: settings)
  }

  /// Tells the search about an evaluated candidate; returns whether it has come onto the front.
  package mutating func tell(
    _ open: OpenCandidate, _ evaluated: EvaluatedCandidate
  ) -> Bool {
    do {
      return try recorded.tell(open, evaluated)
    } catch {
      preconditionFailure("the search refuses an open candidate: \(error)")
    }
  }

  /// Tells the search what was measured of an open candidate, if it wants to know.
  package mutating func tell(correctCount: Int, imageCount: Int, of open: OpenCandidate) {
    recorded.tell(correctCount: correctCount, imageCount: imageCount, of: open)
  }

  /// Sets an open candidate aside that fails wherever it is evaluated.
  package mutating func quarantine(_ candidate: CandidateID) {
    do {
      try recorded.quarantine(candidate)
    } catch {
      preconditionFailure("the search refuses to quarantine an open candidate: \(error)")
    }
  }

  /// Takes note that a shard of a candidate was measured again with another key.
  package mutating func confirm(_ candidate: CandidateID) { recorded.confirm(candidate) }

  /// Traps unless every proposed candidate is open, waits for its turn, or is concluded.
  package func checkInvariants(openCount: Int) {
    precondition(search.isLent == isAsking)
    precondition(search.outstandingCount == openCount + heldBack.count)
    recorded.checkInvariants()
    precondition(recorded.quarantined.isDisjoint(with: heldBack.keys))
    if case .strict(let window) = order {
      precondition(search.proposalCount - search.settledPrefixCount <= window)
    }
  }
}
