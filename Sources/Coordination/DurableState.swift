import EvolutionarySearch
import SparsityCore
import WireProtocol

/// What a coordinator's journal must bring back: everything but sessions, leases and counters.
package struct DurableState: Hashable, Sendable {
  /// The candidates asked for.
  package let proposalCount: Int
  /// The candidates told.
  package let evaluationCount: Int
  /// The candidates that are neither told nor quarantined.
  package let outstanding: [Candidate]
  /// The individuals that the next proposals build on, in their order.
  package let population: [Individual]
  /// The non-dominated individuals.
  package let archive: [Individual]
  package let quarantined: [CandidateID]
  /// The durable shards of open candidates: correct images and the loss's bits.
  package let doneShards: [[UInt64]]
  /// The evaluated candidates that wait for their turn.
  package let heldBack: [CandidateID]
  /// The candidate that the search would propose next.
  package let next: Candidate?
}

extension Coordinator {
  /// The part of the state that the journal must bring back.
  ///
  /// - Precondition: the search is not being asked (``isAsking``).
  /// - Complexity: O(*n*) for *n* open shards and individuals.
  package var durableState: DurableState {
    precondition(!isAsking)
    var doneShards: [[UInt64]] = []
    var heldBack = driver.heldBackCandidates
    for candidate in leases.ledger.open {
      guard let open = leases.ledger[candidate] else { continue }
      guard open.reopened == nil else {
        heldBack.append(candidate)
        continue
      }
      for (slice, state) in open.shards.enumerated() {
        guard case .done(let done) = state else { continue }
        doneShards.append([
          UInt64(candidate.rawValue), UInt64(slice), UInt64(done.correctCount),
          (done.measurement.summedLoss ?? .nan).bitPattern,
        ])
      }
    }
    let search = driver.search
    return DurableState(
      proposalCount: search.proposalCount, evaluationCount: search.evaluationCount,
      outstanding: search.outstanding, population: search.population,
      archive: search.archive.individuals, quarantined: driver.quarantinedCandidates,
      doneShards: doneShards, heldBack: heldBack.sorted(), next: driver.nextCandidate)
  }

  /// The entries of everything that is remembered of peers and results for a while.
  package var memoryCounts: [Int] {
    faults.memoryCounts + [verification.memoryCount]
  }

  /// Whether the search was asked for candidates and has not answered yet.
  package var isAsking: Bool { driver.isAsking }

  /// Whether everything that has happened is durable.
  package var isSettled: Bool { records.isEmpty }
}
