import ContentHashing
import Coordination
import WireProtocol

extension Simulator {
  /// Checks what has come out and sums up the run.
  mutating func report() -> SimulationReport {
    for worker in workers { endWork(of: worker.index) }
    if violations.isEmpty { checkOutcome() }
    for record in journal.records { hasher.update(record.encoded().span) }
    var outcome = ContentHasher()
    for record in journal.countingRecords {
      if let found = record.outcome { outcome.update(found.encoded().span) }
    }
    return SimulationReport(
      seed: seed, plan: plan, violations: violations, digest: hasher.finalized(),
      order: run.settings.order, outcome: outcome.finalized(), endTime: now,
      eventCount: eventCount, deliveredCount: deliveredCount,
      evaluationCount: journal.evaluated.count, quarantinedCount: journal.quarantined.count,
      needlessQuarantineCount: journal.quarantined.count { candidate in
        journal.proposed[candidate].map { !isHarmful($0) } ?? false
      },
      wrongEvaluationCount: deviantCandidates.count,
      computedShardCount: computedShardCount,
      utilization: availableMilliseconds == 0
        ? 0 : Double(usefulMilliseconds) / Double(availableMilliseconds),
      killCountMax: killCounts.values.max() ?? 0,
      counters: coordinator.machine?.counters ?? CoordinatorCounters(),
      durableShardCount: journal.shards.count)
  }
}

extension JournalRecord {
  /// What the record says of what the run has found, by whichever worker when.
  fileprivate var outcome: JournalRecord? {
    switch self {
    case .proposed: self
    case .evaluated(let evaluation): .evaluated(evaluation.withoutKeys)
    case .opened, .joined, .shardCompleted, .quarantined, .confirmed, .discarded: nil
    }
  }
}

extension EvaluatedCandidate {
  /// The evaluation, by whichever worker.
  var withoutKeys: EvaluatedCandidate {
    var evaluation = self
    evaluation.keyNames = []
    return evaluation
  }
}
