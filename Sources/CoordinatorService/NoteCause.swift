import Coordination
import WireProtocol

/// Who can cause a notification at will, so that it counts against a key's share of them.
enum NoteCause: Hashable {
  /// Nobody.
  case nobody
  /// Whoever has sent the message that is being taken.
  case speaker
  /// Whoever has asked for the session.
  case greeter(WorkerID)
  /// Whoever has opened the session.
  case session(WorkerID)
}

extension Coordinator.Note {
  /// Who can cause the notification.
  var cause: NoteCause {
    switch self {
    case .evaluationRejected, .resultsDisagree: .speaker
    case .workerJoined(let worker, _, _), .workerReturned(let worker, _, _): .greeter(worker)
    case .workerLeft(let worker, _, _), .workerLost(let worker, _, _, _),
      .workerRefused(let worker, _, _, _):
      .session(worker)
    case .resumed, .numericsChosen, .candidateEvaluated, .candidateQuarantined, .storageFailing,
      .storageRecovered, .draining, .stopping, .restarting, .resultsDiscarded, .keysDisagree,
      .auditorFailed, .frontNotRepeated:
      .nobody
    }
  }
}
