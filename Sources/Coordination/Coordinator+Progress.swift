import EvolutionarySearch
import SparsityCore
import WireProtocol

extension Coordinator {
  /// How far the run is.
  ///
  /// - Complexity: that of the hypervolume of the front; call it a few times a second at most.
  public var progress: CoordinatorProgress {
    CoordinatorProgress(
      epoch: epoch, evaluationCount: driver.search.evaluationCount,
      evaluationCountMax: settings.search.evaluationCountMax, birthCount: driver.search.birthCount,
      quarantinedCount: driver.quarantinedCount, pendingShardCount: leases.ledger.pendingCount,
      leasedShardCount: leases.ledger.leasedCount, waitingRecordCount: records.count,
      numerics: numerics, applicantCount: applicantCount, workerCount: leases.sessions.count,
      slotCount: leases.sessions.slotCount,
      frontCount: driver.search.archive.count,
      hypervolume: driver.search.archive.hypervolume(referencePoint: settings.referencePoint),
      referencePoint: settings.referencePoint, isStorageFailing: records.isFailing,
      isDraining: life.isDraining, isFinished: isComplete, counters: counters)
  }

  /// The non-dominated individuals; their objectives are minimised.
  public var front: [Individual] { driver.search.archive.individuals }
}
