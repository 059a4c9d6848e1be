import SparsityCore

/// What an operator's tools and the coordinator say to each other: kinds 30 to 39.
package enum OperatorMessage: Hashable, Sendable {
  /// Asks how the run is doing, with at most so many workers listed.
  case statusRequest(workerCountMax: Int)
  /// Says how the run is doing.
  case status(RunStatus)
  /// Asks one worker to finish and leave, by label or session; or all, after which the
  /// coordinator ends.
  case drainRequest(worker: String?)
  /// Asks for everything that a key has delivered to be measured again, by the key's name.
  case discardRequest(keyName: String)
  /// Says whether a request was carried out.
  case answer(isDone: Bool, diagnostic: String)

  /// The kinds of these messages.
  package static let kinds: ClosedRange<UInt16> = 30...39

  /// The name of the message's kind in the specification.
  package var name: String {
    switch self {
    case .statusRequest: "STATUS_REQUEST"
    case .status: "STATUS"
    case .drainRequest: "DRAIN_REQUEST"
    case .discardRequest: "DISCARD_REQUEST"
    case .answer: "ANSWER"
    }
  }

  /// The number of the message's kind.
  var kind: UInt16 {
    switch self {
    case .statusRequest: 30
    case .status: 31
    case .drainRequest: 32
    case .answer: 33
    case .discardRequest: 34
    }
  }
}
