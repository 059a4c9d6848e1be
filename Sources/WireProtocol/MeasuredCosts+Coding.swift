import SparsityCore

extension MeasuredCostsProto {
  /// Converts what was measured; `nil` if nothing was.
  init?(_ costs: MeasuredCosts) {
    guard costs != MeasuredCosts() else { return nil }
    if let seconds = costs.latencySeconds { latencySecondsBits = seconds.bitPattern }
    if let joules = costs.energyJoules { energyJoulesBits = joules.bitPattern }
  }
}

extension MeasuredCosts {
  /// Converts and checks what was measured.
  init(_ proto: MeasuredCostsProto) throws(WireError) {
    self.init(
      latencySeconds: proto.hasLatencySecondsBits
        ? try cost(proto.latencySecondsBits, "latency_seconds_bits") : nil,
      energyJoules: proto.hasEnergyJoulesBits
        ? try cost(proto.energyJoulesBits, "energy_joules_bits") : nil)
  }
}

extension CostSpreadProto {
  /// Converts a spread.
  init(_ spread: CostSpread) {
    quantity = spread.quantity.rawValue
    medianBits = spread.median.bitPattern
    leastBits = spread.least.bitPattern
    greatestBits = spread.greatest.bitPattern
  }
}

extension CostSpread {
  /// Converts and checks a spread.
  init(_ proto: CostSpreadProto) throws(WireError) {
    let quantity: Objective = try named(proto.quantity, "quantity")
    self.init(
      quantity: quantity, median: try cost(proto.medianBits, "median_bits"),
      least: try cost(proto.leastBits, "least_bits"),
      greatest: try cost(proto.greatestBits, "greatest_bits"))
    guard MeasuredCosts.measurable.contains(quantity), least <= median, median <= greatest else {
      throw .invalidField(name: "measured_costs", diagnostic: "holds what is no spread of a cost")
    }
  }
}

/// Returns a number that can be a cost.
private func cost(_ bits: UInt64, _ name: String) throws(WireError) -> Double {
  let value = Double(bitPattern: bits)
  guard MeasuredCosts.isCost(value) else {
    throw .invalidField(name: name, diagnostic: "is no positive number")
  }
  return value
}
