import EvolutionarySearch
import SparsityCore
import WireProtocol

/// What the first records of a journal have brought about, so that they need not be read again.
///
/// It holds what ``DurableState`` names and nothing that a restart loses anyway: no session, no
/// lease, no counter. It may be thrown away at any time, since the records are there.
package struct CoordinatorSnapshot: Hashable, Sendable {
  /// The records that the snapshot stands for: the first so many of the journal.
  package let recordCount: Int
  /// The last start among them, with the run that it belongs to.
  let opening: RunOpening
  /// The results among the records.
  let shardCount: Int
  let search: SearchState
  /// The results of candidates that are not concluded, in order.
  let done: [StoredShard]
  /// The candidates that have all results and are not concluded.
  let completed: [CandidateID]
  /// The candidates that were quarantined, in order.
  let quarantined: [CandidateID]
  /// How long evaluations took lately.
  let pace: Pace
  /// The results of the front, shard by shard.
  let front: [StoredShard]
  /// The candidates on the front, and those that may yet come onto it, that are confirmed.
  let confirmed: [CandidateID]
  /// What is planned of candidates that are not concluded, where evaluations may end early.
  let plans: [StoredPlan]

  /// What ``front`` and ``confirmed`` say.
  var frontResults: FrontResults {
    FrontResults(front, confirmed: confirmed, of: search.archive)
  }

  /// The term of the coordinator that has made the snapshot.
  package var term: Term { opening.term }
}

extension CoordinatorSnapshot {
  /// Returns the bytes that ``init(decoding:)`` reads.
  ///
  /// - Complexity: O(*n*) for *n* proposals; not for the coordinator's thread.
  package func encoded() -> [UInt8] {
    var known: [UInt8] = []
    known.reserveCapacity(search.known.count * RunSnapshot.codeSize)
    search.known.forEach { code in
      for half in [code.high, code.low] {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
          known.append(UInt8(truncatingIfNeeded: half >> shift))
        }
      }
    }
    return RunSnapshot(
      recordCount: recordCount, opening: opening, proposalCount: search.proposalCount,
      evaluationCount: search.evaluationCount, quarantinedCount: search.quarantinedCount,
      savedImageCount: search.savedImageCount,
      referenceAccuracy: search.referenceAccuracy,
      archive: search.archive.map { StoredIndividual($0) },
      nearestMiss: search.nearestMiss.map { StoredIndividual($0) },
      waiting: search.waiting.map { StoredProposal(candidate: $0.id, genome: $0.genome) },
      knownCodes: known, algorithmState: search.algorithm, done: done, completed: completed,
      quarantined: quarantined,
      shardCount: shardCount, paceSamples: pace.samples, paceNext: pace.next,
      front: front, confirmed: confirmed, plans: plans
    ).encoded()
  }

  /// Reads a snapshot; whether it fits a run is found out when a coordinator is restored from it.
  ///
  /// - Throws: ``WireProtocol/WireError`` for bytes that are no snapshot.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    let stored = try RunSnapshot(decoding: bytes)
    guard
      let pace = Pace(
        countMax: StragglerPolicy.emptyPace.countMax, samples: stored.paceSamples,
        next: stored.paceNext)
    else {
      throw .invalidField(
        name: "pace_samples",
        diagnostic: "are \(stored.paceSamples.count) from \(stored.paceNext) on")
    }
    var known = GenomeCodes()
    for start in stride(from: 0, to: stored.knownCodes.count, by: RunSnapshot.codeSize) {
      var code = GenomeCode()
      for index in start..<start + 8 {
        code.high = code.high << 8 | UInt64(stored.knownCodes[index])
        code.low = code.low << 8 | UInt64(stored.knownCodes[index + 8])
      }
      known.append(code)
    }
    self.init(
      recordCount: stored.recordCount, opening: stored.opening, shardCount: stored.shardCount,
      search: SearchState(
        proposalCount: stored.proposalCount, evaluationCount: stored.evaluationCount,
        quarantinedCount: stored.quarantinedCount, savedImageCount: stored.savedImageCount,
        referenceAccuracy: stored.referenceAccuracy,
        archive: stored.archive.map { Individual($0) },
        nearestMiss: stored.nearestMiss.map { Individual($0) },
        waiting: stored.waiting.map { Candidate(id: $0.candidate, genome: $0.genome) },
        known: known, algorithm: stored.algorithmState),
      done: stored.done, completed: stored.completed, quarantined: stored.quarantined, pace: pace,
      front: stored.front, confirmed: stored.confirmed, plans: stored.plans)
  }
}

extension StoredIndividual {
  /// Converts an individual.
  fileprivate init(_ individual: Individual) {
    self.init(
      candidate: individual.id, genome: individual.genome, objectives: individual.objectives,
      violation: individual.violation)
  }
}

extension Individual {
  /// Converts an individual whose numbers were checked when it was read.
  fileprivate init(_ stored: StoredIndividual) {
    self.init(
      id: stored.candidate, genome: stored.genome, objectives: stored.objectives,
      violation: stored.violation)
  }
}
