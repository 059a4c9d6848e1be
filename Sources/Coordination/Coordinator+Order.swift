import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Proposals, conclusions and quarantines on their way from the search to the journal.
extension Coordinator {
  /// The most candidates that the search is asked for at once, so that the first are not kept
  /// waiting for the last.
  private static let proposalCountMax = 256

  /// Tells the search what is done, in the one order that strict mode has.
  ///
  /// It may stop anywhere: what follows is the same later, in another life, too.
  mutating func advanceInOrder() {
    guard driver.isStrict, life.isWorking, !records.isFailing else { return }
    // What may be proposed comes first, even if that takes a while.
    while records.count < settings.bounds.waitingRecordCountMax, !driver.mayPropose,
      var open = driver.takeNext()
    {
      // What every candidate before it has found decides, whatever was known when it was measured.
      switch driver.decision(about: open, lookingFrom: 0) {
      case .needs(let sliceCount):
        leases.reopen(open, sliceCount: sliceCount)
        recall(open.candidate.id)
        return
      case .stops(let estimate): open.stopped = estimate
      case .isWhole, nil: open.stopped = nil
      }
      tell(open)
    }
  }

  /// Plans what is measured of a candidate once all that was planned has results: more, or nothing.
  mutating func planAhead(of candidate: CandidateID) {
    guard let open = leases.ledger[candidate], open.stopped == nil,
      let decision = driver.decision(about: open)
    else { return }
    switch decision {
    case .needs(let sliceCount):
      leases.plan(candidate, sliceCount: sliceCount)
      recall(candidate)
    case .stops(let estimate): leases.stop(candidate, with: estimate)
    case .isWhole: break
    }
  }

  /// Asks the search for candidates, if there is room for some and it is not thinking already.
  mutating func askForProposals() {
    guard life.isWorking, !life.isDraining, !records.isFailing else { return }
    let room = settings.bounds.waitingRecordCountMax - records.count
    guard
      let request = driver.ask(
        countMax: min(room, Self.proposalCountMax), shardCount: leases.ledger.shardCountOfProposal)
    else { return }
    outbox.append(.propose(request))
  }

  /// Takes up what the search has proposed.
  ///
  /// Whatever has happened meanwhile: a journal without these proposals is a state in which the
  /// search proposes them again.
  mutating func take(_ answer: ProposalAnswer) {
    for proposal in driver.take(answer, slices: leases.ledger.slices) {
      leases.insert(proposal.candidate, cost: proposal.cost, keys: proposal.keys)
      guard life.recordsSearch else { continue }
      records.append(.proposed(proposal.candidate.id, proposal.candidate.genome))
    }
  }

  /// Closes a candidate whose shards are all done, and tells the search when its turn has come.
  mutating func conclude(_ candidate: CandidateID) {
    acquit(candidate)
    guard let open = leases.remove(candidate) else { return }
    // Behind a discard the next life tells what is left.
    let isFirst = open.candidate.id == CandidateID(0)
    if driver.isStrict || life.isRestarting || (driver.awaitsReference && !isFirst) {
      driver.holdBack(open)
    } else {
      tell(open)
      tellWaiting()
    }
  }

  private mutating func tell(_ open: OpenCandidate) {
    let evaluated = driver.evaluation(of: open, settings: settings)
    let isOnFront = driver.tell(open, evaluated)
    records.append(.evaluated(evaluated))
    notify(.candidateEvaluated(evaluated, isOnFront: isOnFront))
  }

  /// Tells the search of the candidates that have waited for the one that theirs are compared with.
  private mutating func tellWaiting() {
    guard !driver.isStrict, !life.isRestarting, driver.holdsBack, !driver.awaitsReference else {
      return
    }
    for open in driver.takeAll() { tell(open) }
  }

  /// Sets a candidate aside that fails wherever it is evaluated.
  mutating func quarantine(_ candidate: CandidateID, diagnostic: String) {
    acquit(candidate)
    guard let withdrawn = leases.withdraw(candidate) else { return }
    for (shard, worker) in withdrawn { send(.cancel(shard), to: worker) }
    driver.quarantine(candidate)
    records.append(.quarantined(candidate, diagnostic: diagnostic))
    notify(.candidateQuarantined(candidate, diagnostic: diagnostic))
    tellWaiting()
  }

  /// Sets a candidate aside that has failed too often.
  mutating func quarantineIfHopeless(
    _ candidate: CandidateID, failureCount: Int, diagnostic: String
  ) {
    guard faults.isHopeless(failureCount: failureCount) else { return }
    quarantine(
      candidate, diagnostic: "\(counted(failureCount, "time")), the last time because \(diagnostic)"
    )
  }
}
