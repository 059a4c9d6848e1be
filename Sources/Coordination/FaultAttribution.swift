import SparsityCore
import WireProtocol

/// Tells whom faults speak against, and remembers for a while who was turned away for them.
///
/// What the loss of workers says of the candidates that they ran is left to ``LossAttribution``.
/// Failed evaluations count against the candidate unless the worker fails with whatever it
/// evaluates, and what no sound worker sends counts against the peer.
package struct FaultAttribution: Sendable {
  /// What the loss of workers says about the candidates that they ran.
  package var losses: LossAttribution
  private let failureCountMax: Int
  private let malformedCountMax: Int
  /// The sessions that were refused, with the oldest first.
  private var refused: RecentMemory<WorkerID, RefusedWorker>
  /// What has failed at workers that were turned away or lost.
  private var streaks: RecentMemory<WorkerID, FailureStreak>
  /// The malformed frames of each peer.
  private var malformed: RecentMemory<WorkerID, Int>

  /// Whom a failed evaluation speaks against.
  package enum Blame: Hashable, Sendable {
    /// The worker has failed with the candidate before.
    case nobody
    /// The candidate, as one failure of it.
    case candidate
    /// The worker, which is turned away, for good or for now.
    case worker(isFinal: Bool)
  }

  /// Creates an attribution that has seen nothing.
  package init(bounds: CoordinatorBounds) {
    failureCountMax = bounds.failureCountMax
    malformedCountMax = bounds.malformedCountMax
    losses = LossAttribution(memoryCountMax: bounds.refusedCountMax)
    refused = RecentMemory(countMax: bounds.refusedCountMax)
    streaks = RecentMemory(countMax: bounds.refusedCountMax)
    malformed = RecentMemory(countMax: bounds.refusedCountMax)
  }

  /// The entries of everything that is remembered for a while.
  package var memoryCounts: [Int] {
    [refused.count, losses.memoryCount, streaks.count, malformed.count]
  }

  // MARK: Refused peers

  /// Whether a peer was refused for good.
  package func isRefused(_ worker: WorkerID) -> Bool { refused[worker] != nil }

  /// Takes note that a peer was refused for good and told so once.
  package mutating func refuse(_ worker: WorkerID, _ refusal: Refusal) {
    refused.set(RefusedWorker(refusal: refusal), for: worker)
  }

  /// Returns what a refused peer is told that sends something all the same, or `nil` if it was told
  /// often enough.
  ///
  /// - Precondition: the peer is refused.
  package mutating func repeatRefusal(of worker: WorkerID) -> Refusal? {
    guard var refusal = refused[worker] else {
      preconditionFailure("\(worker) is not refused")
    }
    // The first may be lost, and so may the second; what goes on has no use for more.
    guard refusal.sentCount < RefusedWorker.sentCountMax else { return nil }
    refusal.sentCount += 1
    refused.set(refusal, for: worker)
    return refusal.refusal
  }

  /// Counts something that no sound worker sends; returns how often it came once that is too often.
  package mutating func countMalformed(from worker: WorkerID) -> Int? {
    let count = (malformed[worker] ?? 0) + 1
    malformed.set(count, for: worker)
    return count >= malformedCountMax ? count : nil
  }

  // MARK: Failed evaluations

  /// Keeps what a worker has failed with until it comes back: nothing is done in between.
  package mutating func keep(_ streak: FailureStreak, of worker: WorkerID) {
    if !streak.candidates.isEmpty { streaks.set(streak, for: worker) }
  }

  /// Removes and returns what a worker that comes back has failed with before.
  package mutating func takeStreak(of worker: WorkerID) -> FailureStreak? {
    streaks.remove(worker)
  }

  /// Tells whom the last failure of a streak speaks against.
  ///
  /// Until its next success a worker counts once against a candidate: with many slots it may have
  /// leased several shards of it before the first one failed.
  ///
  /// - Parameters:
  ///   - isNew: whether the worker fails with the candidate for the first time.
  ///   - isLeftAlone: whether nobody else is there for what is left.
  ///   - speaksAgainstWorker: whether the rest of the run makes a sick worker the likelier reason.
  package func blame(
    _ streak: FailureStreak, isNew: Bool, isLeftAlone: Bool, speaksAgainstWorker: Bool
  ) -> Blame {
    guard isNew || isLeftAlone else { return .nobody }
    guard streak.candidates.count.isMultiple(of: failureCountMax), speaksAgainstWorker else {
      return .candidate
    }
    return .worker(isFinal: streak.turnAwayCount + 1 >= failureCountMax)
  }

  /// Whether a streak is too long to be chance or bad candidates, however few others there are.
  package func isHopeless(_ streak: FailureStreak) -> Bool {
    streak.candidates.count >= failureCountMax * failureCountMax
  }

  /// Whether a candidate has failed so often that it is set aside.
  package func isHopeless(failureCount: Int) -> Bool { failureCount >= failureCountMax }
}

/// A worker that is refused for good, and how often it was told so.
private struct RefusedWorker: Sendable {
  /// What it is told.
  let refusal: Refusal
  /// How often it was told.
  var sentCount = 1

  /// How often a worker is told at most, whatever it sends: often enough on a bad network.
  static let sentCountMax = 16
}

/// Failed evaluations of one worker without a success between them.
package struct FailureStreak: Sendable {
  /// The candidates whose evaluation has failed; the worker gets others first.
  package var candidates: Set<CandidateID> = []
  /// How often the worker was turned away because of them.
  package var turnAwayCount = 0

  /// Creates a streak of nothing.
  package init() {}
}
