import EvolutionarySearch
import WireProtocol

extension Coordinator {
  /// How the run is doing, as far as the machine knows.
  ///
  /// - Complexity: that of the hypervolume of the front; call it a few times a second at most.
  package var status: RunStatus {
    var status = RunStatus()
    status.progress = progress
    status.activity.term = term
    status.activity.proposalCount = driver.search.proposalCount
    status.activity.pendingShardCount = leases.ledger.pendingCount
    status.activity.leasedShardCount = leases.ledger.leasedCount
    status.activity.waitingRecordCount = records.count
    status.activity.applicantCount = applicantCount
    status.activity.workerCount = leases.sessions.count
    status.activity.slotCount = leases.sessions.slotCount
    status.activity.isStorageFailing = records.isFailing
    status.activity.isDraining = life.isDraining
    status.activity.counters = counters
    return status
  }

  private var progress: RunProgress {
    var progress = RunProgress()
    progress.evaluationCount = driver.search.evaluationCount
    progress.evaluationCountMax = settings.search.evaluationCountMax
    progress.savedEvaluationCount =
      driver.search.savedImageCount / settings.description.imageCount
    progress.frontCount = driver.search.archive.count
    progress.hypervolume = driver.search.archive.hypervolume(
      referencePoint: settings.referencePoint)
    progress.objectives = settings.description.objectives
    progress.referencePoint = settings.referencePoint
    progress.quarantinedCount = driver.quarantinedCount
    progress.numerics = numerics?.description
    progress.bankArithmetic = settings.description.bankArithmetic
    progress.isFinished = isComplete
    return progress
  }

  /// The full evaluations that were spent.
  package var spentEvaluationCount: Int {
    driver.search.evaluationCount
      - driver.search.savedImageCount / settings.description.imageCount
  }

  /// The non-dominated individuals; their objectives are minimised.
  package var front: [Individual] { driver.search.archive.individuals }
}
