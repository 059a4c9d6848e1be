import Coordination
import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Finds a front's content record by record, or from a snapshot on; it keeps no more than the front
/// and the candidates that are being evaluated.
package struct FrontBuilder {
  /// Why records or a snapshot cannot be those of the run.
  package enum Misfit: Error, Hashable, CustomStringConvertible {
    case genome(CandidateID)
    case objectives(CandidateID)

    /// The reason as text.
    package var description: String {
      switch self {
      case .genome(let candidate): "candidate \(candidate) has a genome for other layers"
      case .objectives(let candidate): "candidate \(candidate) has another number of objectives"
      }
    }
  }

  private let space: SearchSpace
  private let objectives: [Objective]
  private let imageCount: Int
  private let discards: DiscardedResults
  /// The keys of results that count no more, by the candidate that they are about.
  private var tainted: [CandidateID: Set<String>] = [:]
  private var archive = Archive()
  private var nearestMiss = NearestMiss()
  private var proposed: [CandidateID: Genome] = [:]
  private var found = FrontContent(members: [], evaluationCount: 0)

  /// Creates the front of an empty journal; `discards` are those of the whole one.
  ///
  /// - Parameter imageCount: the images of a full evaluation.
  package init(
    space: SearchSpace, objectives: [Objective], imageCount: Int,
    discards: DiscardedResults = DiscardedResults()
  ) {
    self.imageCount = imageCount
    self.space = space
    self.objectives = objectives
    self.discards = discards
  }

  /// Creates the front behind the records of a snapshot, which come behind all discards.
  package init(
    space: SearchSpace, objectives: [Objective], imageCount: Int, discards: DiscardedResults,
    snapshot: RunSnapshot
  ) throws(Misfit) {
    self.init(
      space: space, objectives: objectives, imageCount: imageCount, discards: discards)
    for member in snapshot.archive { archive.insert(try individual(member)) }
    if let miss = snapshot.nearestMiss { nearestMiss = NearestMiss(try individual(miss)) }
    for waiting in snapshot.waiting { try propose(waiting.candidate, waiting.genome) }
    for candidate in snapshot.quarantined { found.quarantined[candidate] = .init() }
    found.evaluationCount = snapshot.evaluationCount
    found.savedImageCount = snapshot.savedImageCount
  }

  private func individual(_ stored: StoredIndividual) throws(Misfit) -> Individual {
    guard stored.objectives.count == objectives.count else { throw .objectives(stored.candidate) }
    guard space.contains(stored.genome) else { throw .genome(stored.candidate) }
    return Individual(
      id: stored.candidate, genome: stored.genome, objectives: stored.objectives,
      violation: stored.violation)
  }

  /// The content so far; what is ``FrontContent/unknown`` in it stands in records that were not
  /// read.
  package var content: FrontContent {
    var content = found
    content.members = archive.individuals
    content.nearestMiss = nearestMiss.comparable
    content.forgetOthers()
    return content
  }

  /// Reads the next record, whose place in the journal is `sequence`.
  package mutating func add(_ record: JournalRecord, at sequence: Int) throws(Misfit) {
    // Of a search that has begun anew since, nothing is shown.
    guard sequence >= discards.searchStart else { return }
    switch record {
    case .proposed(let candidate, let genome): try propose(candidate, genome)
    case .shardCompleted(let completion):
      if discards.contains(resultOf: completion.keyName, at: sequence) {
        tainted[completion.shard.candidate, default: []].insert(completion.keyName)
      }
    case .evaluated(let result):
      // It is evaluated again when what counts no more is measured again, unless that was done
      // already.
      let keys = tainted.removeValue(forKey: result.candidate) ?? []
      guard !keys.contains(where: { discards.contains(resultOf: $0, at: sequence) }) else { return }
      guard result.objectives.count == objectives.count else { throw .objectives(result.candidate) }
      guard let genome = proposed.removeValue(forKey: result.candidate) else { return }
      found.evaluationCount += 1
      guard result.stop == nil else {
        found.savedImageCount += imageCount - result.imageCount
        return
      }
      let minimized = zip(objectives, result.objectives).map { $0.minimized($1) }
      let individual = Individual(
        id: result.candidate, genome: genome, objectives: minimized, violation: result.violation)
      nearestMiss.offer(individual)
      let isNearest = archive.count == 0 && nearestMiss.individual == individual
      guard archive.insert(individual) || isNearest else { return }
      found.evaluations[result.candidate] = result
      if found.evaluations.count > 2 * archive.count + 64 { found = content }
    case .quarantined(let candidate, let diagnostic):
      found.quarantined[candidate] = FrontContent.Quarantined(
        genome: proposed.removeValue(forKey: candidate), reason: diagnostic)
    case .opened, .joined, .confirmed, .discarded: break
    }
  }

  private mutating func propose(_ candidate: CandidateID, _ genome: Genome) throws(Misfit) {
    guard space.contains(genome) else { throw .genome(candidate) }
    proposed[candidate] = genome
  }
}
