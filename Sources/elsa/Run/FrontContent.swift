import Coordination
import EvolutionarySearch
import SparsityCore
import WireProtocol

/// What a front is shown from: its members, what was measured of them, and what was set aside.
struct FrontContent {
  /// A candidate that could not be evaluated.
  struct Quarantined {
    var genome: Genome?
    var reason: String?
  }

  /// The non-dominated individuals.
  var members: [Individual]
  /// What was measured, of members at least.
  var evaluations: [CandidateID: EvaluatedCandidate] = [:]
  /// The candidates evaluated.
  var evaluationCount: Int
  /// The candidates that could not be evaluated.
  var quarantined: [CandidateID: Quarantined] = [:]
  /// The keys whose results count no more, in the order in which that was found out.
  var discarded: [DiscardedKey] = []

  /// The candidates of which something is missing that their records say.
  var unknown: Set<CandidateID> {
    let members = members.map(\.id).filter { evaluations[$0] == nil }
    let quarantined = quarantined.filter { $0.value.genome == nil || $0.value.reason == nil }
    return Set(members).union(quarantined.keys)
  }

  /// Takes over what records say about candidates that are shown.
  mutating func complete(with records: [JournalRecord]) {
    for record in records {
      switch record {
      case .born(let candidate, let genome): quarantined[candidate]?.genome = genome
      case .evaluated(let result): evaluations[result.candidate] = result
      case .quarantined(let candidate, let words): quarantined[candidate]?.reason = words
      case .opened, .joined, .shardCompleted, .confirmed, .discarded: break
      }
    }
  }

  /// Forgets what was measured of candidates that are no members any more.
  mutating func forgetOthers() {
    let members = Set(members.map(\.id))
    evaluations = evaluations.filter { members.contains($0.key) }
  }
}

/// Finds a front's content record by record, or from a snapshot on; it keeps no more than the front
/// and the candidates that are being evaluated.
struct FrontBuilder {
  /// Why records or a snapshot cannot be those of the run.
  enum Misfit: Error, CustomStringConvertible {
    case genome(CandidateID)
    case objectives(CandidateID)

    /// The reason in words.
    var description: String {
      switch self {
      case .genome(let candidate): "candidate \(candidate) has a genome for other layers"
      case .objectives(let candidate): "candidate \(candidate) has another number of objectives"
      }
    }
  }

  private let space: SearchSpace
  private let objectives: [Objective]
  private let discards: DiscardedResults
  private var tainted: Set<CandidateID> = []
  private var archive = Archive()
  private var proposed: [CandidateID: Genome] = [:]
  private var found = FrontContent(members: [], evaluationCount: 0)

  /// Creates the front of an empty journal; `discards` are those of the whole one.
  init(
    space: SearchSpace, objectives: [Objective], discards: DiscardedResults = DiscardedResults()
  ) {
    self.space = space
    self.objectives = objectives
    self.discards = discards
  }

  /// Creates the front behind the records of a snapshot, which come behind all discards.
  init(
    space: SearchSpace, objectives: [Objective], discards: DiscardedResults,
    snapshot: RunSnapshot
  ) throws(Misfit) {
    self.init(space: space, objectives: objectives, discards: discards)
    for member in snapshot.archive {
      guard member.objectives.count == objectives.count else { throw .objectives(member.candidate) }
      guard space.contains(member.genome) else { throw .genome(member.candidate) }
      archive.insert(
        Individual(
          id: member.candidate, genome: member.genome, objectives: member.objectives,
          violation: member.violation))
    }
    for waiting in snapshot.waiting { try propose(waiting.candidate, waiting.genome) }
    for candidate in snapshot.quarantined { found.quarantined[candidate] = .init() }
    found.evaluationCount = snapshot.evaluationCount
  }

  /// The content so far; what is ``FrontContent/unknown`` in it stands in records that were not
  /// read.
  var content: FrontContent {
    var content = found
    content.members = archive.individuals
    content.forgetOthers()
    return content
  }

  /// Reads the next record, whose place in the journal is `sequence`.
  mutating func add(_ record: JournalRecord, at sequence: Int) throws(Misfit) {
    // Of a search that has begun anew since, nothing is shown.
    guard sequence >= discards.searchStart else { return }
    switch record {
    case .born(let candidate, let genome): try propose(candidate, genome)
    case .shardCompleted(let completion):
      if discards.contains(resultOf: completion.keyName, at: sequence) {
        tainted.insert(completion.shard.candidate)
      }
    case .evaluated(let result):
      // It is evaluated again when what counts no more is measured again.
      guard tainted.remove(result.candidate) == nil else { return }
      guard result.objectives.count == objectives.count else { throw .objectives(result.candidate) }
      guard let genome = proposed.removeValue(forKey: result.candidate) else { return }
      found.evaluationCount += 1
      let minimized = zip(objectives, result.objectives).map { $0.minimized($1) }
      let individual = Individual(id: result.candidate, genome: genome, objectives: minimized)
      guard archive.insert(individual) else { return }
      found.evaluations[result.candidate] = result
      if found.evaluations.count > 2 * archive.count + 64 {
        found.members = archive.individuals
        found.forgetOthers()
      }
    case .quarantined(let candidate, let words):
      found.quarantined[candidate] = FrontContent.Quarantined(
        genome: proposed.removeValue(forKey: candidate), reason: words)
    case .opened, .joined, .confirmed, .discarded: break
    }
  }

  private mutating func propose(_ candidate: CandidateID, _ genome: Genome) throws(Misfit) {
    guard space.contains(genome) else { throw .genome(candidate) }
    proposed[candidate] = genome
  }
}
