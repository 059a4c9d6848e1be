import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Proposals, conclusions and quarantines on their way from the search to the journal.
extension Coordinator {
  /// Fills the window and tells the search what is done, in the one order that strict mode has.
  ///
  /// It may stop anywhere: what follows is the same later, in another life, too.
  mutating func advanceInOrder() {
    guard driver.isStrict, life.isWorking, !records.isFailing else { return }
    while records.count < settings.bounds.waitingRecordCountMax {
      if driver.mayPropose {
        guard !life.isDraining else { return }
        propose()
        continue
      }
      guard let open = driver.takeNext() else { return }
      tell(open)
    }
  }

  /// Has the search propose a candidate and notes its birth; returns whether there is one.
  @discardableResult
  mutating func propose() -> Bool {
    guard let proposal = driver.propose(slices: leases.ledger.slices) else { return false }
    leases.insert(proposal.candidate, cost: proposal.cost, keys: proposal.keys)
    records.append(.born(proposal.candidate.id, proposal.candidate.genome))
    return true
  }

  /// Closes a candidate whose shards are all done, and tells the search when its turn has come.
  mutating func conclude(_ candidate: CandidateID) {
    acquit(candidate)
    guard let open = leases.remove(candidate) else { return }
    // Behind a discard the next life tells what is left.
    if driver.isStrict || life.isRestarting { driver.holdBack(open) } else { tell(open) }
  }

  private mutating func tell(_ open: OpenCandidate) {
    let evaluated = EvaluatedCandidate(open, settings: settings)
    let isOnFront = driver.tell(open, evaluated, as: settings.description.objectives)
    records.append(.evaluated(evaluated))
    note(.candidateEvaluated(evaluated, isOnFront: isOnFront))
  }

  /// Sets a candidate aside that fails wherever it is evaluated.
  mutating func quarantine(_ candidate: CandidateID, words: String) {
    acquit(candidate)
    guard let withdrawn = leases.withdraw(candidate) else { return }
    for (shard, worker) in withdrawn { send(.cancel(shard), to: worker) }
    driver.quarantine(candidate)
    records.append(.quarantined(candidate, words: words))
    note(.candidateQuarantined(candidate, words: words))
  }

  /// Sets a candidate aside that has failed too often.
  mutating func quarantineIfHopeless(
    _ candidate: CandidateID, failureCount: Int, words: String
  ) {
    guard faults.isHopeless(failureCount: failureCount) else { return }
    quarantine(candidate, words: "\(counted(failureCount, "time")), the last time because \(words)")
  }
}
