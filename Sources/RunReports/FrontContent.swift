import Coordination
import EvolutionarySearch
import SparsityCore
import WireProtocol

/// What a front is shown from: its members, what was measured of them, and what was set aside.
package struct FrontContent {
  /// A candidate that could not be evaluated.
  package struct Quarantined {
    package var genome: Genome?
    package var reason: String?
  }

  /// The non-dominated individuals.
  package var members: [Individual]
  /// What comes nearest to meeting the constraints, if nothing meets them.
  package var nearestMiss: Individual?
  /// What was measured, of members at least.
  package var evaluations: [CandidateID: EvaluatedCandidate] = [:]
  /// The candidates evaluated.
  package var evaluationCount: Int
  /// The images that stopped evaluations have not measured.
  package var savedImageCount = 0
  /// The candidates that could not be evaluated.
  package var quarantined: [CandidateID: Quarantined] = [:]
  /// The keys whose results count no more, in the order in which that was found out.
  package var discarded: [DiscardedKey] = []

  /// The candidates whose evaluations are shown.
  private var shown: [CandidateID] {
    members.isEmpty ? [nearestMiss?.id].compactMap(\.self) : members.map(\.id)
  }

  /// The candidates of which something is missing that their records say.
  package var unknown: Set<CandidateID> {
    let members = shown.filter { evaluations[$0] == nil }
    let quarantined = quarantined.filter { $0.value.genome == nil || $0.value.reason == nil }
    return Set(members).union(quarantined.keys)
  }

  /// Takes over what records say about candidates that are shown.
  package mutating func complete(with records: [JournalRecord]) {
    for record in records {
      switch record {
      case .proposed(let candidate, let genome): quarantined[candidate]?.genome = genome
      case .evaluated(let result): evaluations[result.candidate] = result
      case .quarantined(let candidate, let diagnostic): quarantined[candidate]?.reason = diagnostic
      case .opened, .joined, .shardCompleted, .confirmed, .discarded: break
      }
    }
  }

  /// Forgets what was measured of candidates that are not shown any more.
  package mutating func forgetOthers() {
    let members = Set(shown)
    evaluations = evaluations.filter { members.contains($0.key) }
  }
}
