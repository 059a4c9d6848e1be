import SparsityCore
import WireProtocol

extension EvaluatedCandidate {
  /// Sums up a candidate whose shards are all done.
  package init(_ open: OpenCandidate, settings: CoordinatorSettings) {
    var correctCount = 0
    var summedLoss: Double? = 0
    var keyNames: Set<String> = []
    for state in open.shards {
      guard case .done(let correct, let loss, let keyName) = state else {
        preconditionFailure("\(open.candidate.id) has shards that are not done")
      }
      correctCount += correct
      if !keyName.isEmpty { keyNames.insert(keyName) }
      summedLoss = summedLoss.flatMap { sum in loss.map { sum + $0 } }
    }
    let description = settings.description
    let accuracy = Double(correctCount) / Double(description.imageCount)
    self.init(
      candidate: open.candidate.id, correctCount: correctCount,
      imageCount: description.imageCount, summedLoss: summedLoss, costs: open.cost.wireValues,
      objectives: description.objectives.map { objective in
        if objective == .accuracy { return accuracy }
        guard let value = open.cost.value(of: objective) else {
          preconditionFailure("\(objective) has no model")
        }
        return value
      },
      keyNames: Array(keyNames.sorted().prefix(Self.keyNameCountMax)))
  }

  /// Returns the objectives in the sense that the search minimises.
  package func minimized(_ objectives: [Objective]) -> [Double] {
    zip(objectives, self.objectives).map { $0.minimized($1) }
  }
}
