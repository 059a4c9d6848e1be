import WireProtocol

/// Who can cause a notification at will, so that it counts against a key's share of them.
package enum NotificationCause: Hashable, Sendable {
  case nobody
  /// The peer whose message is being taken.
  case peer
  /// The key that has opened the session; without one, the peer whose message is being taken.
  case session(WorkerID)
}

extension Coordinator.Notification {
  /// Who can cause the notification.
  package var cause: NotificationCause {
    switch self {
    case .evaluationRejected, .resultsDisagree: .peer
    case .workerJoined(let worker, _, _), .workerReturned(let worker, _, _),
      .workerLeft(let worker, _, _), .workerLost(let worker, _, _, _),
      .workerRefused(let worker, _, _, _):
      .session(worker)
    case .resumed, .numericsChosen, .candidateEvaluated, .candidateQuarantined, .storageFailing,
      .storageRecovered, .draining, .stopping, .restarting, .resultsDiscarded, .keysDisagree,
      .auditorFailed, .frontNotRepeated:
      .nobody
    }
  }
}
