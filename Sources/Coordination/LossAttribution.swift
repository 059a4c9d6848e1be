import SparsityCore
import WireProtocol

/// Tells candidates that kill workers from workers that die for reasons of their own.
///
/// The loss of a worker is weak evidence against the candidates that it ran: machines are
/// preempted, run out of memory, are rebooted. Such a candidate becomes a suspect and is tried
/// alone: a worker that has nothing else, and that has finished something else in the same session,
/// gets one of its shards. Only losses in such trials count. A shard that anybody finishes clears
/// the candidate; the losses of workers that come back are taken back.
///
/// Eight losses in trials convict in any case. Fewer do where the rest of the fleet did well
/// meanwhile: the shards that others finished and the workers that were lost over others during the
/// trials say how likely a worker dies over a shard by chance, and losses convict when that many by
/// chance are less likely than one in a million. A single worker has nobody to compare with: it
/// takes eight. A candidate of which a shard was finished once needs twice as many.
package struct LossAttribution: Sendable {
  /// The losses in trials that convict whatever else happens.
  package static let lossCountMax = LossLimits.countMax
  /// The losses in trials that are needed at least.
  package static let lossCountMin = 3
  /// The probability of chance below which losses convict.
  package static let chanceMax = 1e-6

  /// The only lease of a worker, given to find out about a suspect.
  private struct Trial {
    let candidate: CandidateID
    /// Whether a loss counts: the worker has finished something else before.
    let counts: Bool
    let finishedBefore: Int
    let lostBefore: Int
  }

  /// What the loss of a worker has said.
  private struct Loss {
    let running: [CandidateID]
    /// The candidate against which it counts.
    let counted: CandidateID?
  }

  /// What is known about one candidate.
  private struct Suspect {
    /// The trials that were begun.
    var trialCount = 0
    /// The trials that ended with the loss of the worker, and count.
    var lossCount = 0
    /// The shards that others finished during these trials.
    var finishedCount = 0
    /// The workers that were lost over other candidates during these trials.
    var lostCount = 0
    /// The worker that is kept free for the next trial.
    var reserved: WorkerID?
  }

  private var suspects: [CandidateID: Suspect] = [:]
  /// The trials under way; there are several of one candidate if a worker falls silent over it.
  private var trials: [WorkerID: Trial] = [:]
  /// What the last lost workers have left, in case they come back.
  private var lost: RecentMemory<WorkerID, Loss>
  private var finishedCount = 0
  private var lostCount = 0

  /// Creates an attribution that suspects nobody and remembers so many lost workers.
  package init(memoryCountMax: Int) {
    lost = RecentMemory(countMax: memoryCountMax)
  }

  /// Whether nobody is suspected.
  package var isEmpty: Bool { suspects.isEmpty }

  /// The suspects, those that were tried least first, then in the order of proposal.
  ///
  /// - Complexity: O(*n* log *n*).
  package var candidates: [CandidateID] {
    suspects.sorted { ($0.value.trialCount, $0.key) < ($1.value.trialCount, $1.key) }.map(\.key)
  }

  /// The lost workers that are remembered.
  package var memoryCount: Int { lost.count }

  /// Whether a candidate is suspected.
  package func suspects(_ candidate: CandidateID) -> Bool { suspects[candidate] != nil }

  /// The worker that is kept free for a suspect's next trial.
  package func reserved(for candidate: CandidateID) -> WorkerID? { suspects[candidate]?.reserved }

  /// Whether a worker tries a suspect, or has fallen silent over it and is not lost yet.
  ///
  /// - Complexity: O(*n*) for *n* trials under way.
  package func isTried(_ candidate: CandidateID) -> Bool {
    trials.values.contains { $0.candidate == candidate }
  }

  /// Whether the loss of a worker would count against a candidate.
  package func wouldCount(_ worker: WorkerID, against candidate: CandidateID) -> Bool {
    trials[worker].map { $0.candidate == candidate && $0.counts } ?? false
  }

  /// The losses in trials that count against a candidate.
  package func lossCount(of candidate: CandidateID) -> Int { suspects[candidate]?.lossCount ?? 0 }

  // MARK: Changes

  /// Keeps a worker free for a suspect's next trial, or no longer.
  ///
  /// - Precondition: the candidate is suspected.
  package mutating func reserve(_ worker: WorkerID?, for candidate: CandidateID) {
    precondition(suspects[candidate] != nil)
    suspects[candidate]?.reserved = worker
  }

  /// Records that the reserved worker tries a suspect alone; its loss counts if it is `proven`.
  ///
  /// - Precondition: the candidate is suspected.
  package mutating func begin(_ candidate: CandidateID, by worker: WorkerID, proven: Bool) {
    precondition(suspects[candidate] != nil)
    suspects[candidate]?.reserved = nil
    suspects[candidate]?.trialCount += 1
    trials[worker] = Trial(
      candidate: candidate, counts: proven, finishedBefore: finishedCount, lostBefore: lostCount)
  }

  /// Ends a worker's trial, if it has one, without a verdict.
  package mutating func endTrial(of worker: WorkerID) { trials[worker] = nil }

  /// Counts a shard that a worker has finished.
  package mutating func countFinished(by worker: WorkerID) {
    finishedCount += 1
    endTrial(of: worker)
  }

  /// Forgets what counts against a candidate.
  package mutating func clear(_ candidate: CandidateID) { suspects[candidate] = nil }

  /// Suspects a candidate because a worker has fallen silent over it.
  package mutating func suspect(_ candidate: CandidateID) {
    if suspects[candidate] == nil { suspects[candidate] = Suspect() }
  }

  /// Counts the loss of a worker that ran some candidates, which are suspected from now on.
  ///
  /// Only its loss in a trial counts: workers that are not on trial may vanish together.
  package mutating func lose(_ worker: WorkerID, running: [CandidateID]) {
    let trial = trials.removeValue(forKey: worker)
    guard !running.isEmpty else { return }
    var counted: CandidateID?
    for candidate in running {
      var suspect = suspects[candidate] ?? Suspect()
      if let trial, trial.candidate == candidate, trial.counts {
        suspect.lossCount += 1
        suspect.finishedCount += finishedCount - trial.finishedBefore
        suspect.lostCount += lostCount - trial.lostBefore
        counted = candidate
      }
      suspects[candidate] = suspect
    }
    lostCount += 1
    lost.set(Loss(running: running, counted: counted), for: worker)
  }

  /// Takes back what counts because of a worker that has come back.
  ///
  /// Returns the candidates against which nothing is left; they are to be cleared.
  package mutating func forgive(_ worker: WorkerID) -> [CandidateID] {
    var innocent: [CandidateID] = []
    guard let loss = lost.remove(worker) else { return [] }
    if let candidate = loss.counted, let count = suspects[candidate]?.lossCount, count > 0 {
      suspects[candidate]?.lossCount = count - 1
    }
    for candidate in loss.running where suspects[candidate]?.lossCount == 0 {
      innocent.append(candidate)
    }
    return innocent
  }

  // MARK: The verdict

  /// Whether the losses convict a candidate, some shard of which was finished once or never.
  package func convicts(_ candidate: CandidateID, wasFinished: Bool) -> Bool {
    guard let suspect = suspects[candidate] else { return false }
    return suspect.lossCount >= lossesNeeded(suspect) * (wasFinished ? 2 : 1)
  }

  /// The losses that convict, given how the rest of the fleet did during the trials.
  private func lossesNeeded(_ suspect: Suspect) -> Int {
    // Laplace's rule of succession: never certain, one half without anybody to compare with.
    let chance =
      Double(1 + suspect.lostCount) / Double(2 + suspect.lostCount + suspect.finishedCount)
    var count = 0
    var probability = 1.0
    while count < Self.lossCountMax, count < Self.lossCountMin || probability > Self.chanceMax {
      probability *= chance
      count += 1
    }
    return count
  }
}

/// How often a candidate is tried that workers were lost over.
package enum LossLimits {
  /// The losses in trials after which it is quarantined in any case.
  package static let countMax = 8
}

extension LossAttribution {
  /// Traps unless reservations and trials agree with the sessions, and suspects with the ledger.
  ///
  /// - Complexity: O(*n*) for *n* suspects and sessions.
  func checkInvariants(sessions: SessionTable, ledger: Ledger) {
    precondition(ledger.suspectedCount == suspects.count)
    var reservedWorkers: Set<WorkerID> = []
    for (candidate, suspect) in suspects {
      precondition(ledger[candidate]?.isSuspected == true)
      precondition(suspect.lossCount >= 0)
      guard let worker = suspect.reserved else { continue }
      precondition(reservedWorkers.insert(worker).inserted)
    }
    precondition(trials.keys.allSatisfy { sessions[$0] != nil })
    for worker in sessions.workers {
      guard let candidate = sessions[worker]?.isolation?.reservation else { continue }
      precondition(suspects[candidate]?.reserved == worker)
    }
  }
}
