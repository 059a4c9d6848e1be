import AcceleratorModel
import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Which worker holds which shard of the open candidates.
///
/// The ledger says where each shard is, the sessions say what each worker holds: whatever changes a
/// lease changes both, here. No shard is leased before its candidate's proposal is durable.
package struct LeaseTable: Sendable {
  /// The open candidates and where their shards are.
  package private(set) var ledger: Ledger
  /// The workers and what they hold.
  package private(set) var sessions: SessionTable
  private let tokens: LeaseTokens
  private let leaseDuration: Duration

  /// Creates a table without workers.
  package init(ledger: Ledger, tokens: LeaseTokens, leasesPerSlotMax: Int, leaseDuration: Duration)
  {
    self.ledger = ledger
    self.tokens = tokens
    self.leaseDuration = leaseDuration
    sessions = SessionTable(leasesPerSlotMax: leasesPerSlotMax)
  }

  /// Creates a table without candidates and workers.
  package init(
    slices: [ImageSlice], tokens: LeaseTokens, leasesPerSlotMax: Int, leaseDuration: Duration
  ) {
    self.init(
      ledger: Ledger(slices: slices), tokens: tokens, leasesPerSlotMax: leasesPerSlotMax,
      leaseDuration: leaseDuration)
  }

  // MARK: Candidates

  /// Adds a candidate whose shards wait until its proposal is durable.
  package mutating func insert(_ candidate: Candidate, cost: Cost, keys: [ShardKey]) {
    ledger.insert(candidate, cost: cost, keys: keys)
  }

  /// Lets the shards of a candidate wait for workers, now that its proposal is durable.
  package mutating func release(_ candidate: CandidateID) { ledger.release(candidate) }

  /// Lets more shards of a candidate wait for workers.
  package mutating func plan(_ candidate: CandidateID, sliceCount: Int) {
    ledger.plan(candidate, sliceCount: sliceCount)
  }

  /// Takes up a candidate again of which more is to be measured after all.
  package mutating func reopen(_ open: OpenCandidate, sliceCount: Int) {
    ledger.reopen(open, sliceCount: sliceCount)
  }

  /// Takes note of what a slice has given, whose result is on the way to the store.
  package mutating func keep(_ result: SliceResult, of shard: ShardID) {
    ledger.keep(result, of: shard)
  }

  /// Ends the evaluation of a candidate behind its planned shards.
  package mutating func stop(_ candidate: CandidateID, with estimate: StoppedEvaluation) {
    ledger.stop(candidate, with: estimate)
  }

  /// Removes and returns a candidate all of whose planned shards are done.
  package mutating func remove(_ candidate: CandidateID) -> OpenCandidate? {
    guard let open = ledger.remove(candidate) else { return nil }
    precondition(open.remainingCount == 0)
    return open
  }

  /// Removes a candidate with its leases; returns what their holders had, in the order of shards,
  /// or `nil` if the candidate is not open.
  package mutating func withdraw(
    _ candidate: CandidateID
  ) -> [(shard: ShardReference, worker: WorkerID)]? {
    guard let open = ledger.remove(candidate) else { return nil }
    var withdrawn: [(shard: ShardReference, worker: WorkerID)] = []
    for (slice, state) in open.shards.enumerated() {
      let shard = ShardID(candidate: candidate, slice: slice)
      for lease in state.leases {
        sessions.modify(lease.worker) { $0.load.drop(shard) }
        withdrawn.append((ShardReference(shard: shard, key: open.keys[slice]), lease.worker))
      }
    }
    return withdrawn
  }

  /// Lets the shards of an open candidate wait for trials.
  package mutating func suspect(_ candidate: CandidateID) { ledger.suspect(candidate) }

  /// Lets the shards of a candidate wait for workers as others do.
  package mutating func acquit(_ candidate: CandidateID) { ledger.acquit(candidate) }

  /// Counts an evaluation that failed against a candidate; returns how many failures there are now.
  package mutating func countFailure(of candidate: CandidateID, by worker: WorkerID) -> Int {
    ledger.countFailure(of: candidate, by: worker)
  }

  /// Counts a lease that was taken back because two workers were late (see ``Ledger``).
  ///
  /// When all that are there have failed with the candidate or were late with it, the same few
  /// would pass it on for ever: what counts against it may have been forgiven, because the workers
  /// that fail with it were turned away meanwhile.
  ///
  /// - Complexity: O(*n*) for *n* sessions.
  package mutating func countDelay(of candidate: CandidateID, by worker: WorkerID) -> Int {
    let failures = ledger[candidate]?.failures ?? [:]
    let isLeftAlone = sessions.allSatisfy { session in
      failures[session.worker] != nil || session.standing.hasFailed(with: candidate)
    }
    return ledger.countDelay(of: candidate, by: worker, isLeftAlone: isLeftAlone)
  }

  /// Takes back what counts against candidates because of a worker: the fault was the worker's.
  package mutating func forgive(_ worker: WorkerID, candidates: Set<CandidateID>) {
    for candidate in candidates { ledger.forgive(worker, candidate: candidate) }
  }

  // MARK: Workers

  /// Adds or replaces a session.
  package mutating func insert(_ session: Session) { sessions.insert(session) }

  /// Changes what a session says besides its leases; does nothing if there is none.
  package mutating func modify(_ worker: WorkerID, _ change: (inout Session) -> Void) {
    sessions.modify(worker, change)
  }

  /// Lets a worker measure no shard again.
  package mutating func endSpotChecks(of worker: WorkerID) { sessions.endSpotChecks(of: worker) }

  /// Ends a session.
  ///
  /// - Precondition: its leases were given back.
  package mutating func remove(_ worker: WorkerID) {
    let session = sessions.remove(worker)
    precondition(session?.load.leases.isEmpty ?? true)
  }

  /// Returns the worker that has waited longest to take a lease, of the key whose turn it is.
  package mutating func popSpare() -> WorkerID? { sessions.popSpare() }

  /// Puts a worker back to the end of its key's queue if it could take another lease.
  package mutating func enqueueIfSpare(_ worker: WorkerID) { sessions.enqueueIfSpare(worker) }

  // MARK: Leases

  /// Returns the pending shard of the oldest candidate that is not avoided; the caller leases it.
  package mutating func popPending(avoiding avoided: Set<CandidateID>) -> ShardID? {
    ledger.popPending(avoiding: avoided)
  }

  /// The token that proves a worker's lease of a shard with some key.
  package func token(of key: ShardKey, for worker: WorkerID) -> LeaseToken {
    tokens.token(of: key, for: worker)
  }

  /// What a worker is sent to evaluate a shard of an open candidate.
  package func grant(of shard: ShardID, for worker: WorkerID) -> LeaseGrant? {
    guard let open = ledger[shard.candidate] else { return nil }
    let key = open.keys[shard.slice]
    return LeaseGrant(
      shard: shard, slice: ledger.slices[shard.slice], genome: open.candidate.genome, key: key,
      attempt: max(0, open.leaseCounts[shard.slice] - 1),
      token: tokens.token(of: key, for: worker))
  }

  /// Records that a worker holds a shard from now on, alone or besides another one.
  @discardableResult
  package mutating func hold(_ shard: ShardID, by worker: WorkerID, at now: Instant) -> Lease {
    let lease = Lease(
      worker: worker, deadline: now + leaseDuration, sentAt: now, givenAt: now,
      turn: sessions[worker]?.load.nextTurn ?? 0)
    ledger.add(lease, to: shard)
    sessions.modify(worker) { $0.load.add(shard) }
    return lease
  }

  /// Extends a worker's lease; returns whether it has one.
  package mutating func extend(_ shard: ShardID, by worker: WorkerID, at now: Instant) -> Bool {
    guard var lease = ledger.lease(of: shard, by: worker) else { return false }
    let deadline = now + leaseDuration
    lease.deadline = deadline
    ledger.update(lease, of: shard)
    return true
  }

  /// Takes note that a lease was sent again, if it was not sent for some time; returns whether.
  package mutating func resend(
    _ shard: ShardID, by worker: WorkerID, after interval: Duration, at now: Instant
  ) -> Bool {
    guard var lease = ledger.lease(of: shard, by: worker), now - lease.sentAt >= interval else {
      return false
    }
    lease.sentAt = now
    ledger.update(lease, of: shard)
    return true
  }

  /// Ends a worker's lease: the shard waits for another worker, unless a second one has it.
  package mutating func giveBack(_ shard: ShardID, from worker: WorkerID) {
    sessions.modify(worker) { $0.load.drop(shard) }
    ledger.end(worker, of: shard)
  }

  /// Ends all leases of a worker.
  package mutating func giveBackAll(of worker: WorkerID) {
    for shard in sessions[worker]?.load.leases ?? [] { giveBack(shard, from: worker) }
  }

  /// Takes a shard from a worker that another was faster than.
  ///
  /// The time that the worker has had is a lower bound of what it needs; it is a sample if it
  /// exceeds what was expected. Until it is told, the worker goes on with the shard.
  package mutating func supersede(
    _ lease: Lease, for shard: ShardID, expected: Duration?, at now: Instant
  ) {
    let elapsed = now - lease.givenAt
    let images = ledger.slices[shard.slice].count
    sessions.modify(lease.worker) { session in
      session.load.lose(shard)
      session.standing.beat()
      guard let expected, elapsed > expected else { return }
      session.pace.observe(
        microseconds: elapsed.wholeMicroseconds / (lease.turn + 1), images: images)
    }
  }

  /// Takes one of two leases back whose worker was superseded, and is told.
  package mutating func withdraw(_ lease: Lease, of shard: ShardID) {
    ledger.end(lease.worker, of: shard)
    sessions.modify(lease.worker) { $0.load.stopLost() }
  }

  /// Moves a shard to another place; nobody holds it in that one.
  ///
  /// - Precondition: the leases of the shard were given back or superseded.
  package mutating func move(_ shard: ShardID, to state: ShardState) {
    ledger.move(shard, to: state)
  }

  /// Leaves an absence of the coordinator out of the silence of its workers.
  ///
  /// - Complexity: O(*s* + *l*) for *s* sessions and *l* leases.
  package mutating func allow(for absence: Duration) {
    for worker in sessions.workers {
      sessions.modify(worker) { $0.contact.allow(for: absence) }
      for shard in sessions[worker]?.load.leases ?? [] {
        guard var lease = ledger.lease(of: shard, by: worker) else { continue }
        lease.deadline = lease.deadline + absence
        lease.givenAt = lease.givenAt + absence
        ledger.update(lease, of: shard)
      }
    }
  }

  // MARK: Invariants

  /// Traps unless the counts of places add up.
  package func checkCounts() { ledger.checkCounts() }

  /// Traps unless every shard is in exactly one place and leases agree with the sessions.
  ///
  /// - Complexity: O(*n*) for *n* open shards and sessions.
  package func checkInvariants() {
    ledger.checkInvariants(sessions: sessions)
    sessions.checkInvariants()
  }

  /// Traps if a worker that has been silent for twice the duration of a lease still holds one.
  ///
  /// A lease may be given to a worker that was silent for once that time, never longer.
  ///
  /// - Complexity: O(*s* log *s*) for *s* sessions.
  package func checkSilence(at now: Instant) {
    for worker in sessions.workers {
      guard let session = sessions[worker], !session.load.leases.isEmpty else { continue }
      precondition(session.contact.silence(at: now) <= leaseDuration * 2)
    }
  }
}
