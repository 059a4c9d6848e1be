import Coordination
import Logging
import SparsityCore

extension Coordinator.Note {
  /// How urgent the note is, and what the log says about it.
  var inWords: (Logger.Level, String) {
    switch self {
    case .numericsChosen(let numerics, let keys, let workerCount):
      (
        .notice,
        "the run computes in \(numerics) from now on: its run file leaves \(keys) open, and "
          + "this is the least of what \(workerCount) "
          + "\(workerCount == 1 ? "worker" : "workers") reported"
      )
    case .resumed(let epoch, let evaluations, let shards, let source):
      (
        .notice,
        "resumed as epoch \(epoch) with \(counted(evaluations, "evaluation")) and "
          + "\(counted(shards, "shard")) done, from \(source)"
      )
    case .workerJoined(let worker, let label, let slots):
      (.info, "worker \(label) joined with \(counted(slots, "slot")) (session \(worker))")
    case .workerReturned(let worker, let label, let leases):
      (
        .info,
        "worker \(label) returned with \(counted(leases, "running lease")) (session \(worker))"
      )
    case .workerLeft(_, let label, let farewell):
      (.info, "worker \(label) left: \(farewell.words)")
    case .workerLost(_, let label, let leases, let words):
      (.warning, "worker \(label) is lost with \(counted(leases, "lease")): \(words)")
    case .workerRefused(_, let label, _, let words):
      (.warning, "worker \(label) was refused: \(words)")
    case .candidateEvaluated(let evaluated, let isOnFront):
      (
        isOnFront ? .info : .debug,
        "candidate \(evaluated.candidate) has \(evaluated.correctCount) of "
          + "\(evaluated.imageCount) correct, objectives \(evaluated.objectives)"
          + (isOnFront ? ", on the front" : "")
      )
    case .candidateQuarantined(let candidate, let words):
      (.error, "candidate \(candidate) was given up: \(words)")
    case .evaluationRejected(let shard, let label, let words):
      (.warning, "worker \(label) could not evaluate shard \(shard): \(words)")
    case .resultsDisagree(let shard, let label, let other):
      (
        .error,
        "workers \(label) and \(other) have different results for shard \(shard): one of them "
          + "computes wrongly; the journal keeps that of \(other)"
      )
    case .resultsDiscarded(let keyName, let words):
      (
        .error,
        "the key \(keyName) is trusted no more: \(words); what it has delivered is measured again"
      )
    case .keysDisagree(let shard, let keyNames, let words):
      (
        .error,
        "the keys \(keyNames.joined(separator: ", ")) have different results for shard \(shard), "
          + "and \(words); the journal keeps that of \(keyNames[0])"
      )
    case .auditorFailed(let words):
      (.warning, "the coordinator's own worker, which measures shards again, is gone: \(words)")
    case .frontNotRepeated(let count):
      (
        .notice,
        "\(counted(count, "individual")) on the front "
          + "\(count == 1 ? "was" : "were") not measured again: no other key is there"
      )
    case .storageFailing(let words): (.error, "the run pauses: \(words)")
    case .storageRecovered: (.notice, "the journal can be written again; the run goes on")
    case .draining: (.notice, "asked to let all workers leave: no new leases are given")
    case .stopping(let count):
      (
        .notice,
        "asked to end: \(count) \(count == 1 ? "worker waits" : "workers wait") until the run "
          + "goes on"
      )
    case .restarting(let count):
      (
        .notice,
        "begins anew from the journal: \(count) \(count == 1 ? "worker waits" : "workers wait")"
      )
    }
  }
}
