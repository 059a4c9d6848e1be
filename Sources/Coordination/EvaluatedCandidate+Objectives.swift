import SparsityCore
import WireProtocol

extension EvaluatedCandidate {
  /// Sums up a candidate whose shards are all done, or those before its evaluation has ended.
  package init(_ open: OpenCandidate, settings: CoordinatorSettings) {
    var correctCount = 0
    var summedLoss: Double? = 0
    var keyNames: Set<String> = []
    let done = open.shards.prefix(open.stopped?.sliceCount ?? open.shards.count).map { state in
      guard case .done(let done) = state else {
        preconditionFailure("\(open.candidate.id) has shards that are not done")
      }
      return done
    }
    for shard in done {
      correctCount += shard.correctCount
      if !shard.keyName.isEmpty { keyNames.insert(shard.keyName) }
      summedLoss = summedLoss.flatMap { sum in shard.measurement.summedLoss.map { sum + $0 } }
    }
    let description = settings.description
    let spreads = description.measuredCosts.map { quantity in
      CostSpread(of: done.compactMap { $0.measuredCosts[quantity] }, quantity: quantity)
    }
    let measured = MeasuredCosts(spreads)
    let imageCount = open.stopped?.imageCount ?? description.imageCount
    let accuracy = open.stopped?.accuracy ?? Double(correctCount) / Double(imageCount)
    self.init(
      candidate: open.candidate.id, correctCount: correctCount,
      imageCount: imageCount, summedLoss: summedLoss, costs: open.cost.wireValues,
      measuredCosts: spreads,
      objectives: description.objectives.map { objective in
        if objective == .accuracy { return accuracy }
        guard
          let value = measured.value(of: objective, batch: description.acceleratorBatch)
            ?? open.cost.value(of: objective)
        else { preconditionFailure("\(objective) has no model and is not measured") }
        return value
      },
      violation: spreads.isEmpty ? 0 : settings.model.measuredViolation(measured),
      keyNames: Array(keyNames.sorted().prefix(Self.keyNameCountMax)),
      stop: open.stopped.map { Stop(estimatedLoss: $0.meanLoss) })
  }

  /// Whether the evaluation has ended before all images were measured.
  package var isStopped: Bool { stop != nil }

  /// The mean loss of an image, or `nil` if the loss of a shard is missing; what is believed of all
  /// images if the evaluation was stopped.
  package var meanLoss: Double? {
    if let stop { return stop.estimatedLoss }
    return summedLoss.map { $0 / Double(imageCount) }
  }

  /// The medians of what was measured.
  package var medianCosts: MeasuredCosts { MeasuredCosts(measuredCosts) }

  /// Returns the objectives in the sense that the search minimises.
  package func minimized(_ objectives: [Objective]) -> [Double] {
    zip(objectives, self.objectives).map { $0.minimized($1) }
  }
}
