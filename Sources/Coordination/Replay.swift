import EvolutionarySearch
import SparsityCore
import WireProtocol

/// The durable part of a coordinator's state, rebuilt record by record.
struct Replay {
  /// The epoch of the last start.
  private(set) var epoch = Epoch.none
  /// The search as the records have told it.
  private(set) var search: Search
  /// The candidates that are not concluded.
  private(set) var ledger: Ledger
  /// The candidates that were given up.
  private(set) var quarantined: Set<CandidateID> = []
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
  /// The results of the front, shard by shard.
  private(set) var frontResults = FrontResults()
  /// What was measured before the search began anew, for candidates that come again.
  private(set) var known = KnownResults()
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
    ledger = Ledger(slices: settings.description.slices)
    if let opening = snapshot?.opening {
      self.settings = settings.adopting(opening)
      try Self.compare(opening, with: self.settings)
    }
    keys = self.settings.shardKeys
    let choiceCounts = settings.space.choiceCounts
    do throws(SearchError) {
      if let state = snapshot?.search {
        search = try Search(
          choiceCounts: choiceCounts, settings: settings.search, restoring: state)
      } else {
        search = try Search(choiceCounts: choiceCounts, settings: settings.search)
      }
    } catch .stateDoesNotFit(let words) {
      throw .unusableSnapshot(words: words)
    } catch {
      throw .search(error)
    }
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
      guard cost.value(of: objective) != nil else { throw .objectiveWithoutModel(objective) }
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
    guard snapshot.epoch > .none, snapshot.epoch < .last, snapshot.shardCount < snapshot.recordCount
    else {
      throw .unusableSnapshot(
        words: "epoch \(snapshot.epoch), \(snapshot.shardCount) results in "
          + "\(snapshot.recordCount) records")
    }
    for individual in snapshot.search.population + snapshot.search.archive {
      try checkCosts(of: individual)
    }
    epoch = snapshot.epoch
    recordCount = snapshot.recordCount
    shardCount = snapshot.shardCount
    pace = snapshot.pace
    completed = snapshot.completed
    frontResults = snapshot.frontResults
    quarantined = Set(snapshot.quarantined)
    for candidate in search.outstanding { insert(candidate) }
    for done in snapshot.done {
      guard ledger.state(of: done.shard) == .pending,
        done.correctCount <= ledger.slices[done.shard.slice].count
      else {
        throw .unusableSnapshot(
          words: "\(done.shard) with \(done.correctCount) correct images is done twice or "
            + "not to be done")
      }
      ledger.move(
        done.shard,
        to: .done(
          correctCount: done.correctCount,
          summedLoss: Double(bitPattern: done.summedLossBits).asSummedLoss,
          keyName: done.keyName))
    }
    let whole = ledger.open.filter { ledger[$0]?.remainingCount == 0 }
    guard completed.sorted() == whole else {
      throw .unusableSnapshot(
        words: "\(completed.count) candidates have all results, not \(whole.count)")
    }
    let isGivenUp = quarantined.allSatisfy {
      $0.rawValue < search.birthCount && ledger[$0] == nil
    }
    guard isGivenUp, quarantined.count == snapshot.quarantined.count,
      quarantined.count == search.abandonedCount
    else {
      throw .unusableSnapshot(
        words: "\(snapshot.quarantined.count) candidates are given up, the search has "
          + "\(search.abandonedCount)")
    }
  }

  /// Refuses an individual whose costs are not those that are computed now, as records are refused
  /// that another version has written.
  private func checkCosts(of individual: Individual) throws(CoordinationError) {
    let cost = settings.model.cost(individual.genome)
    for (objective, found) in zip(settings.description.objectives, individual.objectives) {
      guard let value = cost.value(of: objective) else { continue }
      guard objective.minimized(value) == found else {
        throw .unusableSnapshot(
          words: "\(individual.id) has another \(objective.rawValue) than is computed now; "
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
      known.add(completion)
    case .discarded: try checkDiscard()
    case .joined, .born, .evaluated, .confirmed, .quarantined: break
    }
  }

  private mutating func take(_ record: JournalRecord) throws(CoordinationError) {
    switch record {
    case .opened(let opening): try open(opening)
    case .joined: break
    case .born(let candidate, let genome): try adopt(Candidate(id: candidate, genome: genome))
    case .shardCompleted(let completion):
      if discards.contains(resultOf: completion.keyName, at: recordCount) {
        tainted.insert(completion.shard.candidate)
      } else {
        try complete(completion)
        _ = known.take(completion.key, for: completion.shard)
      }
    case .evaluated(let evaluated):
      // The shards that count no more are open, and so is the candidate.
      let open = ledger[evaluated.candidate]
      if let open, open.remainingCount > 0, tainted.contains(evaluated.candidate) { return }
      try conclude(evaluated)
    case .confirmed(let shard, let keyName):
      // Neither word counts of two of which one was discarded since.
      let isVoid =
        discards.contains(resultOf: keyName, at: recordCount)
        || (recordCount < discards.end && tainted.contains(shard.candidate))
      if !isVoid { frontResults.confirm(shard.candidate) }
    case .discarded: try checkDiscard()
    case .quarantined(let candidate, _):
      guard ledger.remove(candidate) != nil else {
        throw damage("\(candidate) is given up but not open")
      }
      completed.removeAll { $0 == candidate }
      quarantined.insert(candidate)
      try change { search throws(SearchError) in try search.abandon(candidate) }
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
    guard opening.epoch > epoch, opening.epoch < .last else {
      throw damage("epoch \(opening.epoch) follows epoch \(epoch)")
    }
    epoch = opening.epoch
  }

  private mutating func adopt(_ candidate: Candidate) throws(CoordinationError) {
    guard settings.space.contains(candidate.genome) else {
      throw damage("\(candidate.id) does not lie in the search space")
    }
    try change { search throws(SearchError) in try search.adopt(candidate) }
    insert(candidate)
    known.prune(birthCount: search.birthCount)
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
    guard ledger.state(of: shard) == .pending else { throw damage("\(shard) is done twice") }
    guard completion.measurement.correct.count == ledger.slices[shard.slice].count else {
      throw damage("\(shard) has measured \(completion.measurement.correct.count) images")
    }
    ledger.move(shard, to: completion.doneState)
    shardCount += 1
    pace.observe(
      microseconds: completion.evaluationMicroseconds,
      images: completion.measurement.correct.count)
    if ledger[shard.candidate]?.remainingCount == 0 { completed.append(shard.candidate) }
  }

  private mutating func conclude(
    _ evaluated: EvaluatedCandidate
  ) throws(CoordinationError) {
    let candidate = evaluated.candidate
    guard let open = ledger[candidate], open.remainingCount == 0 else {
      throw damage("\(candidate) is evaluated but has shards that are not")
    }
    let expected = EvaluatedCandidate(open, settings: settings)
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
    let objectives = evaluated.minimized(settings.description.objectives)
    var isOnFront = false
    try change { search throws(SearchError) in
      isOnFront = try search.tell(candidate, objectives: objectives)
    }
    if isOnFront { frontResults.add(open, front: search.archive.individuals) }
  }

  private mutating func change(
    _ body: (inout Search) throws(SearchError) -> Void
  ) throws(CoordinationError) {
    do {
      try body(&search)
    } catch {
      throw damage("\(error)")
    }
  }

  private func damage(_ words: String) -> CoordinationError {
    .damagedRecord(sequence: recordCount, words: words)
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
      correctCount: measurement.correct.populationCount, summedLoss: measurement.summedLoss,
      keyName: keyName)
  }
}
