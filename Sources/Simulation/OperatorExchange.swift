import Coordination
import WireProtocol

/// What a peer that is no worker has sent, and what it has brought about so far.
struct OperatorExchange: Sendable {
  let peer: Peer
  /// What it asks for, if it is a request at all.
  let request: OperatorMessage?
  /// Whether it may ask for that.
  let isAllowed: Bool
  /// The sessions that it asks to leave by their name.
  var leaving: Set<WorkerID> = []
  /// The sessions that were asked to leave.
  var asked: Set<WorkerID> = []
  /// What the peer was answered.
  var answers: [Bool] = []
  /// The workers of the status that it gets.
  var statusCounts: [Int] = []

  /// What is wrong with what has happened.
  func problems(malformedCount: Int) -> [String] {
    guard let request else {
      return malformedCount == 1 && answers.isEmpty && statusCounts.isEmpty
        ? [] : ["noise is counted \(malformedCount) times and answered \(answers.count) times"]
    }
    guard isAllowed else {
      return answers == [false] && statusCounts.isEmpty && asked.isEmpty
        ? [] : ["a peer gets what only an operator may have: \(request.name)"]
    }
    switch request {
    case .statusRequest(let count):
      return statusCounts == [count] && answers.isEmpty ? [] : ["an operator gets no status"]
    case .drainRequest(let name?):
      guard asked == leaving else {
        return ["\(asked.count) workers were asked to leave of \(leaving.count) called \(name)"]
      }
      return answers == [!leaving.isEmpty] ? [] : ["an operator is answered wrongly about \(name)"]
    case .drainRequest(nil), .discardRequest:
      return answers == [true] ? [] : ["an operator is refused: \(request.name)"]
    case .status, .answer: return answers.isEmpty ? [] : ["\(request.name) is answered"]
    }
  }
}
