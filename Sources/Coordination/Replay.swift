import EvolutionarySearch
import SparsityCore
import WireProtocol

/// The durable part of a coordinator's state, rebuilt record by record.
struct Replay {
  /// The term of the last start.
  private(set) var term = Term.none
  /// The search as the records have told it, with what they say of its candidates.
  private(set) var recorded: RecordedSearch
  /// The candidates that are not concluded.
  private(set) var ledger: Ledger
  /// The candidates whose shards are all done but whose evaluation is not recorded, in the order
  /// in which they became so.
  private(set) var completed: [CandidateID] = []
  /// The records so far.
  private(set) var recordCount = 0
  /// The results among them.
  private(set) var shardCount = 0
  /// How long the evaluations took.
  private(set) var pace = StragglerPolicy.emptyPace
  /// The keys of the run, once its arithmetic is known.
  private(set) var keys: ShardKeys?
  /// The settings; the arithmetic that was chosen stands in them once a record has named it.
  private(set) var settings: CoordinatorSettings
  /// Which results count no more.
  private let discards: DiscardedResults
  /// The open candidates some of whose results do not.
  private var tainted: Set<CandidateID> = []

  /// Creates the state before the first record, or that behind the records of a snapshot.
  ///
  /// - Parameter discards: all discards of the journal.
  /// - Precondition: a snapshot stands for all records up to the last discard.
  /// - Throws: ``CoordinationError`` for settings that contradict each other or the snapshot, and
  ///   for a snapshot that contradicts itself.
  init(
    settings: CoordinatorSettings, snapshot: CoordinatorSnapshot? = nil,
    discards: DiscardedResults = DiscardedResults()
  ) throws(CoordinationError) {
    precondition(snapshot.map { $0.recordCount >= discards.end } ?? true)
    try Self.check(settings)
    self.settings = settings
    self.discards = discards
    ledger = Ledger(
      slices: settings.description.slices, firstPlannedCount: settings.stopping?.firstLook)
    if let opening = snapshot?.opening {
      self.settings = settings.adopting(opening)
      try Self.compare(opening, with: self.settings)
    }
    keys = self.settings.shardKeys
    recorded = try RecordedSearch(settings: self.settings, snapshot: snapshot)
    if let snapshot { try restore(snapshot) }
  }

  private static func check(_ settings: CoordinatorSettings) throws(CoordinationError) {
    let description = settings.description
    let counts = [
      settings.search.objectiveCount, description.objectives.count, settings.referencePoint.count,
    ]
    guard Set(counts).count == 1 else {
      throw .objectiveCount(search: counts[0], run: counts[1], referencePoint: counts[2])
    }
    let densest = Genome(genes: settings.space.choiceCounts.map { UInt8($0 - 1) })
    let cost = settings.model.cost(densest)
    for objective in description.objectives where objective != .accuracy {
      guard cost.value(of: objective) != nil || description.measures(objective) else {
        throw .objectiveWithoutModel(objective)
      }
    }
  }

  /// Refuses the start of another run.
  private static func compare(
    _ opening: RunOpening, with settings: CoordinatorSettings
  ) throws(CoordinationError) {
    var differences = settings.description.differences(from: opening.description)
    if opening.settings != settings.settingsText { differences.append("the search's settings") }
    guard differences.isEmpty else { throw .otherRun(differences: differences) }
  }

  /// Takes over what a snapshot says besides the search.
  private mutating func restore(_ snapshot: CoordinatorSnapshot) throws(CoordinationError) {
    guard snapshot.term > .none, snapshot.term < .last, snapshot.shardCount < snapshot.recordCount
    else {
      throw .unusableSnapshot(
        diagnostic: "term \(snapshot.term), \(snapshot.shardCount) results in "
          + "\(snapshot.recordCount) records")
    }
    let stored = snapshot.search.archive + [snapshot.search.nearestMiss].compactMap(\.self)
    for individual in recorded.search.population + stored {
      try checkCosts(of: individual)
    }
    term = snapshot.term
    recordCount = snapshot.recordCount
    shardCount = snapshot.shardCount
    pace = snapshot.pace
    completed = snapshot.completed
    for candidate in recorded.search.outstanding { insert(candidate) }
    for plan in snapshot.plans { try restore(plan) }
    for done in snapshot.done {
      let (shard, correct) = (done.shard, done.measurement.correct)
      guard ledger.state(of: shard) == .pending, correct.count == ledger.slices[shard.slice].count
      else {
        throw .unusableSnapshot(
          diagnostic: "\(shard) with \(correct.count) images is done twice or not to be done")
      }
      ledger.keep(done.result, of: shard)
      ledger.move(
        shard,
        to: .done(
          DoneShard(
            measurement: done.measurement, measuredCosts: done.measuredCosts,
            keyName: done.keyName)))
      guard let open = ledger[shard.candidate] else { continue }
      recorded.restore(
        correctCount: correct.populationCount, imageCount: correct.count, of: open)
    }
    let whole = ledger.open.filter { ledger[$0]?.remainingCount == 0 }
    guard completed.sorted() == whole else {
      throw .unusableSnapshot(
        diagnostic: "\(completed.count) candidates have all results, not \(whole.count)")
    }
  }

  /// Takes over what a snapshot says of how much of a candidate is measured.
  private mutating func restore(_ plan: StoredPlan) throws(CoordinationError) {
    guard let open = ledger[plan.candidate], plan.sliceCount >= open.plannedCount,
      plan.sliceCount <= ledger.slices.count
    else {
      throw .unusableSnapshot(
        diagnostic: "\(plan.candidate) is to be measured on \(plan.sliceCount) of "
          + "\(ledger.slices.count) slices")
    }
    ledger.plan(plan.candidate, sliceCount: plan.sliceCount)
    guard let stop = plan.stop else { return }
    ledger.stop(
      plan.candidate,
      with: StoppedEvaluation(
        sliceCount: plan.sliceCount, imageCount: stop.imageCount, accuracy: stop.accuracy,
        meanLoss: stop.meanLoss))
  }

  /// Refuses an individual whose costs are not those that are computed now, as records are refused
  /// that another version has written.
  private func checkCosts(of individual: Individual) throws(CoordinationError) {
    let cost = settings.model.cost(individual.genome)
    for (objective, found) in zip(settings.description.objectives, individual.objectives) {
      guard let value = cost.value(of: objective) else { continue }
      guard objective.minimized(value) == found else {
        throw .unusableSnapshot(
          diagnostic: "\(individual.id) has another \(objective.rawValue) than is computed now; "
            + "was it written by another version?")
      }
    }
  }

  /// Takes up the next record.
  ///
  /// - Throws: ``CoordinationError`` for a record that cannot stand here.
  mutating func apply(_ record: JournalRecord) throws(CoordinationError) {
    if recordCount == 0 {
      guard case .opened = record else { throw .journalWithoutOpening }
    }
    if recordCount < discards.searchStart {
      try keep(record)
    } else {
      try take(record)
    }
    recordCount += 1
  }

  /// Takes what counts of a record of a search that has begun anew since: what was measured.
  private mutating func keep(_ record: JournalRecord) throws(CoordinationError) {
    switch record {
    case .opened(let opening): try open(opening)
    case .shardCompleted(let completion):
      guard !discards.contains(resultOf: completion.keyName, at: recordCount) else { return }
      recorded.remember(completion)
    case .discarded: try checkDiscard()
    case .joined, .proposed, .evaluated, .confirmed, .quarantined: break
    }
  }

  private mutating func take(_ record: JournalRecord) throws(CoordinationError) {
    switch record {
    case .opened(let opening): try open(opening)
    case .joined: break
    case .proposed(let candidate, let genome): try adopt(Candidate(id: candidate, genome: genome))
    case .shardCompleted(let completion):
      if discards.contains(resultOf: completion.keyName, at: recordCount) {
        tainted.insert(completion.shard.candidate)
      } else {
        try complete(completion)
        recorded.forget(completion.key, of: completion.shard)
      }
    case .evaluated(let evaluated):
      // The shards that count no more are open, and so is the candidate.
      let isTainted = tainted.contains(evaluated.candidate)
      if let open = ledger[evaluated.candidate], isTainted, !isMeasured(open, as: evaluated) {
        return
      }
      try conclude(evaluated)
    case .confirmed(let shard, let keyName):
      // Neither word counts of two of which one was discarded since.
      let isVoid =
        discards.contains(resultOf: keyName, at: recordCount)
        || (recordCount < discards.end && tainted.contains(shard.candidate))
      if !isVoid { recorded.confirm(shard.candidate) }
    case .discarded: try checkDiscard()
    case .quarantined(let candidate, _):
      guard ledger.remove(candidate) != nil else {
        throw damage("\(candidate) is quarantined but not open")
      }
      completed.removeAll { $0 == candidate }
      try change { recorded throws(SearchError) in try recorded.quarantine(candidate) }
    }
  }

  private func checkDiscard() throws(CoordinationError) {
    guard discards.isKnown(at: recordCount) else {
      throw damage("it discards a key's results, which the journal's index does not know")
    }
  }

  private mutating func open(_ opening: RunOpening) throws(CoordinationError) {
    settings = settings.adopting(opening)
    keys = keys ?? settings.shardKeys
    try Self.compare(opening, with: settings)
    guard opening.term > term, opening.term < .last else {
      throw damage("term \(opening.term) follows term \(term)")
    }
    term = opening.term
  }

  private mutating func adopt(_ candidate: Candidate) throws(CoordinationError) {
    guard settings.space.contains(candidate.genome) else {
      throw damage("\(candidate.id) does not lie in the search space")
    }
    try change { recorded throws(SearchError) in try recorded.adopt(candidate) }
    insert(candidate)
  }

  private mutating func insert(_ candidate: Candidate) {
    guard let keys else { preconditionFailure("a candidate came before the start of the run") }
    ledger.insert(
      candidate, cost: settings.model.cost(candidate.genome),
      keys: keys.keys(of: candidate.genome, slices: ledger.slices))
    ledger.release(candidate.id)
  }

  private mutating func complete(_ completion: ShardCompletion) throws(CoordinationError) {
    let shard = completion.shard
    guard let key = ledger.key(of: shard), key == completion.key else {
      throw damage("\(shard) has another key or is not open")
    }
    // What it was compared with may count no more, or more was wanted when its turn had come.
    if ledger.state(of: shard) == .unplanned {
      completed.removeAll { $0 == shard.candidate }
      ledger.plan(shard.candidate, sliceCount: shard.slice + 1)
    }
    guard ledger.state(of: shard) == .pending else { throw damage("\(shard) is done twice") }
    guard completion.measurement.correct.count == ledger.slices[shard.slice].count else {
      throw damage("\(shard) has measured \(completion.measurement.correct.count) images")
    }
    guard settings.description.measures(completion.measuredCosts) else {
      throw damage("\(shard) has not measured the costs that the run wants")
    }
    ledger.move(shard, to: completion.doneState)
    shardCount += 1
    pace.observe(
      microseconds: completion.evaluationMicroseconds,
      images: completion.measurement.correct.count)
    ledger.keep(SliceResult(completion.measurement), of: shard)
    guard let open = ledger[shard.candidate] else { return }
    recorded.tell(
      correctCount: completion.measurement.correct.populationCount,
      imageCount: completion.measurement.correct.count, of: open)
    planAhead(of: open)
    if ledger[shard.candidate]?.remainingCount == 0 { completed.append(shard.candidate) }
  }

  /// Plans what is measured of a candidate, as was done when the record was made.
  private mutating func planAhead(of open: OpenCandidate) {
    let candidate = open.candidate.id
    guard open.stopped == nil else { return }
    switch recorded.decision(about: open) {
    case .needs(let sliceCount): ledger.plan(candidate, sliceCount: sliceCount)
    case .stops(let estimate): ledger.stop(candidate, with: estimate)
    case .isWhole, nil: break
    }
  }

  private mutating func conclude(
    _ evaluated: EvaluatedCandidate
  ) throws(CoordinationError) {
    let candidate = evaluated.candidate
    guard var open = ledger[candidate], isMeasured(open, as: evaluated) else {
      throw damage("\(candidate) is evaluated but has shards that are not")
    }
    open.stopped = stop(of: evaluated)
    let expected = recorded.evaluation(of: open, settings: settings)
    var found = evaluated
    // With a loss that was none, an older program has journaled some sum or other.
    if expected.summedLoss == nil { found.summedLoss = nil }
    guard expected == found else {
      throw damage(
        "\(candidate) has another evaluation than its shards give; "
          + "was the run written by another version?")
    }
    _ = ledger.remove(candidate)
    completed.removeAll { $0 == candidate }
    try change { recorded throws(SearchError) in _ = try recorded.tell(open, evaluated) }
  }

  /// Returns what an evaluation that has ended early believes of its candidate.
  ///
  /// The record's word is taken for it: what it was compared with may count no more.
  private func stop(of evaluated: EvaluatedCandidate) -> StoppedEvaluation? {
    guard let stop = evaluated.stop else { return nil }
    let place = settings.description.objectives.firstIndex(of: .accuracy)
    return StoppedEvaluation(
      sliceCount: sliceCount(of: evaluated.imageCount) ?? ledger.slices.count,
      imageCount: evaluated.imageCount, accuracy: place.map { evaluated.objectives[$0] } ?? 0,
      meanLoss: stop.estimatedLoss)
  }

  /// Returns how many slices hold the first images, or `nil` if none ends there.
  private func sliceCount(of imageCount: Int) -> Int? {
    ledger.slices.firstIndex { $0.range.upperBound == imageCount }.map { $0 + 1 }
  }

  /// Whether the shards of a candidate are done that an evaluation is about.
  private func isMeasured(_ open: OpenCandidate, as evaluated: EvaluatedCandidate) -> Bool {
    guard let count = sliceCount(of: evaluated.imageCount),
      (evaluated.stop != nil) == (count < ledger.slices.count)
    else { return false }
    return open.shards.prefix(count).allSatisfy(\.isDone)
  }

  private mutating func change(
    _ body: (inout RecordedSearch) throws(SearchError) -> Void
  ) throws(CoordinationError) {
    do {
      try body(&recorded)
    } catch {
      throw damage("\(error)")
    }
  }

  private func damage(_ diagnostic: String) -> CoordinationError {
    .damagedRecord(sequence: recordCount, diagnostic: diagnostic)
  }
}

extension CoordinatorSettings {
  /// Returns the settings with what a run has drawn and chosen once, as a start has recorded it.
  fileprivate func adopting(_ opening: RunOpening) -> CoordinatorSettings {
    var settings = choosing(opening.description.numerics)
    settings.tokenSecret = opening.tokenSecret
    return settings
  }
}

extension ShardCompletion {
  /// What is kept in memory of a durable result.
  var doneState: ShardState {
    .done(
      DoneShard(measurement: measurement, measuredCosts: measuredCosts, keyName: keyName))
  }
}
