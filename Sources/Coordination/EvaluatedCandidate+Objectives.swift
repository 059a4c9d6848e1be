import EvolutionarySearch
import SparsityCore
import WireProtocol

extension EvaluatedCandidate {
  /// Sums up a candidate whose shards are all done, or those before its evaluation has ended.
  ///
  /// - Parameter accuracyFloor: the share of images that it needs, if there is one and it is known.
  package init(
    _ open: OpenCandidate, settings: CoordinatorSettings, accuracyFloor: Double? = nil
  ) {
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
      violation: settings.violation(
        of: open, measured: spreads.isEmpty ? nil : measured, accuracy: accuracy,
        floor: accuracyFloor),
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

extension CoordinatorSettings {
  /// Returns how far a candidate is from meeting all constraints; 0 or less meets them.
  ///
  /// - Parameters:
  ///   - costs: what was measured of its costs, where the run wants it.
  ///   - floor: the accuracy that it needs, if it is known.
  fileprivate func violation(
    of open: OpenCandidate, measured costs: MeasuredCosts?, accuracy: Double, floor: Double?
  ) -> Double {
    var violations = costs.map { [model.measuredViolation($0)] } ?? []
    if let needed = search.accuracy?.floor {
      violations.append(
        floor.map { AccuracyFloor.violation(of: accuracy, floor: $0) }
          ?? (needed.reference == open.candidate.genome ? 0 : Self.unknownFloorViolation))
      // It alone is measured whatever it costs, and comes near to nothing.
      if needed.reference == open.candidate.genome,
        model.violation(open.candidate.genome, open.cost) > 0
      {
        return .infinity
      }
    }
    return violations.max() ?? 0
  }

  /// The violation of a floor that never becomes known, since what it depends on was quarantined.
  private static let unknownFloorViolation = 1.0
}
