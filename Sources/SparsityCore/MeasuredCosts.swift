/// What an evaluator has measured of a candidate's costs while it evaluated a shard.
package struct MeasuredCosts: Hashable, Sendable {
  /// The seconds of a batch on the accelerator.
  package var latencySeconds: Double?
  /// The joules of an image.
  package var energyJoules: Double?

  package init(latencySeconds: Double? = nil, energyJoules: Double? = nil) {
    self.latencySeconds = latencySeconds
    self.energyJoules = energyJoules
  }

  /// The quantities that can be measured.
  package static let measurable: [Objective] = [.latency, .energy]

  /// What was measured of a quantity, one of ``measurable``.
  package subscript(quantity: Objective) -> Double? {
    get {
      switch quantity.quantity {
      case .latency: latencySeconds
      case .energy: energyJoules
      case .accuracy, .throughput, .weightBytes, .macs: nil
      }
    }
    set {
      switch quantity.quantity {
      case .latency: latencySeconds = newValue
      case .energy: energyJoules = newValue
      case .accuracy, .throughput, .weightBytes, .macs:
        preconditionFailure("\(quantity) is not measured")
      }
    }
  }

  /// The medians of measurements.
  package init(_ spreads: [CostSpread]) {
    self.init()
    for spread in spreads { self[spread.quantity] = spread.median }
  }

  /// Returns the natural value of an objective, or `nil` if it does not follow from what was
  /// measured.
  ///
  /// - Parameter batch: the images of the batch whose latency was measured.
  package func value(of objective: Objective, batch: Int) -> Double? {
    switch objective.quantity {
    case .latency: latencySeconds
    case .throughput: latencySeconds.map { Double(batch) / $0 }
    case .energy: energyJoules
    case .accuracy, .weightBytes, .macs: nil
    }
  }

  /// Whether a number can be a cost.
  package static func isCost(_ value: Double) -> Bool { value.isFinite && value > 0 }
}

/// What became of a quantity that was measured several times.
package struct CostSpread: Hashable, Sendable {
  /// What was measured, one of ``MeasuredCosts/measurable``.
  package let quantity: Objective
  /// The value that counts.
  package let median: Double
  package let least: Double
  package let greatest: Double

  package init(quantity: Objective, median: Double, least: Double, greatest: Double) {
    self.quantity = quantity
    self.median = median
    self.least = least
    self.greatest = greatest
  }

  /// Sums up measurements; the median of an even number is the mean of the two in the middle.
  ///
  /// - Precondition: at least one.
  package init(of values: [Double], quantity: Objective) {
    precondition(!values.isEmpty)
    let sorted = values.sorted()
    let middle = sorted.count / 2
    self.init(
      quantity: quantity,
      median: sorted.count.isMultiple(of: 2)
        ? sorted[middle - 1] / 2 + sorted[middle] / 2 : sorted[middle],
      least: sorted[0], greatest: sorted[sorted.count - 1])
  }
}
