extension Coordinator.Notification {
  /// How urgent the notification is.
  package var urgency: Urgency {
    switch self {
    case .candidateEvaluated(_, let isOnFront): isOnFront ? .information : .detail
    case .workerJoined, .workerReturned, .workerLeft: .information
    case .numericsChosen, .resumed, .frontNotRepeated, .storageRecovered, .draining, .stopping,
      .restarting:
      .notice
    case .workerLost, .workerRefused, .evaluationRejected, .auditorFailed: .warning
    case .candidateQuarantined, .resultsDisagree, .resultsDiscarded, .keysDisagree,
      .storageFailing:
      .error
    }
  }
}
