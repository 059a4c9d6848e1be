import SparsityCore

/// What a coordinator that works is doing.
package struct CoordinatorActivity: Hashable, Sendable {
  /// The coordinator's term.
  package var term = Term.none
  /// How long it has been running.
  package var uptimeMilliseconds = 0
  /// The evaluations a second of the last minute.
  package var evaluationsPerSecond = 0.0
  /// How long the rest of the evaluations takes, if that can be told.
  package var remainingMilliseconds: Int?
  /// Candidates asked for so far.
  package var proposalCount = 0
  /// Shards that wait for a worker.
  package var pendingShardCount = 0
  package var leasedShardCount = 0
  /// Records that wait for the disk.
  package var waitingRecordCount = 0
  /// The workers that wait until the arithmetic is chosen.
  package var applicantCount = 0
  /// The workers, listed or not.
  package var workerCount = 0
  /// The slots of all workers.
  package var slotCount = 0
  /// The workers, by label; not more than were asked for.
  package var workers: [WorkerStatus] = []
  /// The workers that have gone last.
  package var departures: [Departure] = []
  /// Where messages came from that are nobody's of the run.
  package var unknownPeers: [UnknownPeer] = []
  /// Whether the journal cannot be written and nothing new is leased.
  package var isStorageFailing = false
  /// What the disk last complained about.
  package var storageDiagnostic = ""
  /// Whether the coordinator was asked to end.
  package var isDraining = false
  /// What the machine has counted since the coordinator started.
  package var counters = CoordinatorCounters()
  /// What its sockets have counted.
  package var transport = TransportCounters()

  /// Creates the activity of a coordinator that has just begun.
  package init() {}
}
