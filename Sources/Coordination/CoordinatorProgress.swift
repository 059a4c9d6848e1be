import SparsityCore
import WireProtocol

/// Counts of what a coordinator has seen; they only grow, and never influence what it does.
public struct CoordinatorCounters: Hashable, Sendable {
  /// Results that were taken, images in them, and microseconds that they took.
  public var results = 0
  /// The images of these results.
  public var images = 0
  /// The time that workers spent on them.
  public var evaluationMicroseconds = 0
  /// Results that came after their lease had lapsed or in another session, and were taken.
  public var lateResults = 0
  /// Results of shards that were done already.
  public var duplicateResults = 0
  /// Results that differ from an earlier one of the same shard: some worker computes wrongly.
  public var disagreements = 0
  /// Results that were dropped because too many records wait for the store.
  public var postponedResults = 0
  /// Leases given.
  public var leases = 0
  /// Leases of shards that another worker had already, and was slow with.
  public var backupLeases = 0
  /// Leases that lapsed or were lost with their worker.
  public var lapsedLeases = 0
  /// Running leases that were taken over from a returning worker.
  public var adoptedLeases = 0
  /// Shards that workers gave back because an evaluation failed.
  public var failedEvaluations = 0
  /// Frames that could not be decoded.
  public var malformedFrames = 0
  /// Messages of an unknown kind.
  public var unknownMessages = 0
  /// Messages that make no sense from a worker or belong to another run.
  public var strayMessages = 0
  /// Results from sessions that were not given the shard.
  public var unleasedResults = 0
  /// Sessions that were refused.
  public var refusedWorkers = 0
  /// Sessions that ended without a farewell.
  public var lostWorkers = 0
  /// Sessions that ended so while they ran shards, and without having announced it.
  public var suspectedDeaths = 0
  /// Leases of suspects, given to workers that have nothing else.
  public var trialLeases = 0
  /// Shards with known results that workers evaluated again to show that they can.
  public var controlLeases = 0
  /// Results from before the search has begun anew that were taken over.
  public var recalledResults = 0
  /// Shards that were given to a worker of another key than the first.
  public var spotCheckLeases = 0
  /// Of these, the shards of which both keys have found the same.
  public var confirmedShards = 0
  /// Writes that failed.
  public var failedWrites = 0

  /// Creates zero counts.
  public init() {}
}

/// How far a run is: what a status line shows.
public struct CoordinatorProgress: Hashable, Sendable {
  /// The coordinator's epoch.
  public var epoch: Epoch
  /// Candidates told to the search.
  public var evaluationCount: Int
  /// The evaluations that the run may take.
  public var evaluationCountMax: Int
  /// Candidates asked for so far.
  public var birthCount: Int
  /// Candidates given up.
  public var quarantinedCount: Int
  /// Shards that wait for a worker.
  public var pendingShardCount: Int
  /// Shards that are leased.
  public var leasedShardCount: Int
  /// Records that wait for the store.
  public var waitingRecordCount: Int
  /// The arithmetic that results are computed in, once it is known.
  public var numerics: Numerics?
  /// Workers that wait until it is.
  public var applicantCount: Int
  /// Sessions.
  public var workerCount: Int
  /// The slots of all sessions.
  public var slotCount: Int
  /// Individuals on the front.
  public var frontCount: Int
  /// The hypervolume of the front up to ``referencePoint``.
  public var hypervolume: Double
  /// The minimised objectives up to which the hypervolume is measured.
  public var referencePoint: [Double]
  /// Whether the store fails and nothing new is leased.
  public var isStorageFailing: Bool
  /// Whether the coordinator was asked to end.
  public var isDraining: Bool
  /// Whether all evaluations are durable.
  public var isFinished: Bool
  /// What was seen so far in this epoch.
  public var counters: CoordinatorCounters
}
