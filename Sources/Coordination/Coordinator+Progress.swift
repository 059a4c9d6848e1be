import EvolutionarySearch
import SparsityCore
import WireProtocol

extension Coordinator {
  /// How far the run is.
  ///
  /// - Complexity: that of the hypervolume of the front; call it a few times a second at most.
  public var progress: CoordinatorProgress {
    CoordinatorProgress(
      epoch: epoch, evaluationCount: search.evaluationCount,
      evaluationCountMax: settings.search.evaluationCountMax, birthCount: search.birthCount,
      quarantinedCount: quarantined.count, pendingShardCount: ledger.pendingCount,
      leasedShardCount: ledger.leasedCount, waitingRecordCount: records.count,
      numerics: numerics, applicantCount: applicantCount, workerCount: sessions.count,
      slotCount: sessions.slotCount,
      frontCount: search.archive.count,
      hypervolume: search.archive.hypervolume(referencePoint: settings.referencePoint),
      referencePoint: settings.referencePoint, isStorageFailing: records.isFailing,
      isDraining: isDraining, isFinished: isComplete, counters: counters)
  }

  /// The non-dominated individuals; their objectives are minimised.
  public var front: [Individual] { search.archive.individuals }
}
