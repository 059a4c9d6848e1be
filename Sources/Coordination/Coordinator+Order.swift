import EvolutionarySearch
import SparsityCore
import WireProtocol

extension Coordinator {
  /// Whether a candidate may be born now.
  ///
  /// In strict mode only within the window. Candidates that were given up leave it at once: the
  /// next births depend on what was told, not on them.
  var mayAsk: Bool {
    guard !isSearchSpent else { return false }
    guard case .strict(let window) = settings.order else { return true }
    return search.birthCount - search.settledPrefixCount < window
  }

  /// Whether the search is told about results in the order of birth.
  var isStrict: Bool { settings.order != .asynchronous }

  /// Fills the window and tells the search what is done, in the one order that strict mode has.
  ///
  /// Birth comes before telling wherever both could be, so candidate *k* is born after the results
  /// of exactly the candidates up to *k* − window that were not given up. It may stop anywhere:
  /// what follows is the same later, in another life, too.
  mutating func advanceInOrder() {
    guard isStrict, phase == .working, !records.isFailing else { return }
    while records.count < settings.bounds.waitingRecordCountMax {
      if mayAsk {
        guard !isDraining else { return }
        bear()
        continue
      }
      let next = CandidateID(search.settledPrefixCount)
      guard let open = heldBack.removeValue(forKey: next) else { return }
      tell(open)
    }
  }

  /// Asks the search for a candidate and notes its birth; returns whether there is one.
  @discardableResult
  mutating func bear() -> Bool {
    guard let candidate = ask() else {
      exhaustedAt = concludedCount
      return false
    }
    let cost = settings.model.cost(candidate.genome)
    ledger.insert(
      candidate, cost: cost, keys: shardKeys(of: candidate.genome))
    records.append(.born(candidate.id, candidate.genome))
    return true
  }

  private mutating func ask() -> Candidate? {
    let model = settings.model
    return search.ask { genome in model.violation(genome, model.cost(genome)) }
  }

  // MARK: Changes of the search

  /// Closes a candidate whose shards are all done, and tells the search when its turn has come.
  mutating func conclude(_ candidate: CandidateID) {
    acquit(candidate)
    guard let open = ledger.remove(candidate) else { return }
    // Behind a discard the next life tells what is left.
    if isStrict || isRestarting { heldBack[candidate] = open } else { tell(open) }
  }

  private mutating func tell(_ open: OpenCandidate) {
    let evaluated = EvaluatedCandidate(open, settings: settings)
    do {
      let isOnFront = try search.tell(
        evaluated.candidate, objectives: evaluated.minimized(settings.description.objectives))
      if isOnFront { frontResults.add(open, front: search.archive.individuals) }
      records.append(.evaluated(evaluated))
      note(.candidateEvaluated(evaluated, isOnFront: isOnFront))
    } catch {
      preconditionFailure("the search refuses an open candidate: \(error)")
    }
  }

  /// Gives up a candidate that fails wherever it is evaluated.
  mutating func quarantine(_ candidate: CandidateID, words: String) {
    acquit(candidate)
    guard let open = ledger.remove(candidate) else { return }
    for (slice, state) in open.shards.enumerated() {
      let shard = ShardID(candidate: candidate, slice: slice)
      for lease in state.leases {
        sessions.modify(lease.worker) { session in session.leases.removeAll { $0 == shard } }
        send(.cancel(ShardReference(shard: shard, key: open.keys[slice])), to: lease.worker)
      }
    }
    do {
      try search.abandon(candidate)
    } catch {
      preconditionFailure("the search refuses to give up an open candidate: \(error)")
    }
    quarantined.insert(candidate)
    records.append(.quarantined(candidate, words: words))
    note(.candidateQuarantined(candidate, words: words))
  }
}
