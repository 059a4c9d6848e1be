import Coordination
import SparsityCore

extension Coordinator.Notification {
  /// What the log says about the notification.
  var text: String {
    switch self {
    case .numericsChosen(let numerics, let keys, let workerCount):
      "the run computes in \(numerics) from now on: its run file leaves \(keys) open, and "
        + "this is the least of what \(workerCount) "
        + "\(workerCount == 1 ? "worker" : "workers") reported"
    case .resumed(let term, let evaluations, let shards, let source):
      "resumed as term \(term) with \(counted(evaluations, "evaluation")) and "
        + "\(counted(shards, "shard")) done, from \(source)"
    case .workerJoined(let worker, let label, let slots):
      "worker \(label) joined with \(counted(slots, "slot")) (session \(worker))"
    case .workerReturned(let worker, let label, let leases):
      "worker \(label) returned with \(counted(leases, "running lease")) (session \(worker))"
    case .workerLeft(_, let label, let farewell):
      "worker \(label) left: \(farewell.diagnostic)"
    case .workerLost(_, let label, let leases, let diagnostic):
      "worker \(label) is lost with \(counted(leases, "lease")): \(diagnostic)"
    case .workerRefused(_, let label, _, let diagnostic):
      "worker \(label) was refused: \(diagnostic)"
    case .candidateEvaluated(let evaluated, let isOnFront):
      "candidate \(evaluated.candidate) has \(evaluated.correctCount) of "
        + "\(evaluated.imageCount) correct"
        + (evaluated.stop == nil ? "" : " and was stopped, since the front is better")
        + ", objectives \(evaluated.objectives)"
        + (isOnFront ? ", on the front" : "")
    case .candidateQuarantined(let candidate, let diagnostic):
      "candidate \(candidate) was quarantined: \(diagnostic)"
    case .evaluationRejected(let shard, let label, let diagnostic):
      "worker \(label) could not evaluate shard \(shard): \(diagnostic)"
    case .resultsDisagree(let shard, let label, let other):
      "workers \(label) and \(other) have different results for shard \(shard): one of them "
        + "computes wrongly; the journal keeps that of \(other)"
    case .resultsDiscarded(let keyName, let diagnostic):
      "the key \(keyName) is trusted no more: \(diagnostic); what it has delivered is measured "
        + "again"
    case .keysDisagree(let shard, let keyNames, let diagnostic):
      "the keys \(keyNames.joined(separator: ", ")) have different results for shard \(shard), "
        + "and \(diagnostic); the journal keeps that of \(keyNames[0])"
    case .auditorFailed(let diagnostic):
      "the coordinator's own worker, which measures shards again, is gone: \(diagnostic)"
    case .frontNotRepeated(let count):
      "\(counted(count, "individual")) on the front "
        + "\(count == 1 ? "was" : "were") not measured again: no other key is there"
    case .storageFailing(let diagnostic): "the run pauses: \(diagnostic)"
    case .storageRecovered: "the journal can be written again; the run goes on"
    case .draining: "asked to let all workers leave: no new leases are given"
    case .stopping(let count):
      "asked to end: \(count) \(count == 1 ? "worker waits" : "workers wait") until the run "
        + "goes on"
    case .restarting(let count):
      "begins anew from the journal: \(count) \(count == 1 ? "worker waits" : "workers wait")"
    }
  }
}
