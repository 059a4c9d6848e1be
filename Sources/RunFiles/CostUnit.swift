import SparsityCore

/// A unit in which a run file gives a cost.
struct CostUnit {
  let name: String
  /// The power of ten that it is of the objective's own unit, or of a multiple of 1,024.
  let power: Int
  /// The power of two that it is besides.
  let binaryPower: Int

  private init(_ name: String, _ power: Int, binary binaryPower: Int = 0) {
    self.name = name
    self.power = power
    self.binaryPower = binaryPower
  }

  /// The unit in terms of the objective's own.
  var factor: Double { (Double("1e\(power)") ?? .nan) * Double(1 << binaryPower) }

  /// Returns the units of an objective, its own first.
  static func units(of objective: Objective) -> [CostUnit] {
    switch objective.quantity {
    case .macs: [Self("MACs", 0), Self("MMACs", 6), Self("GMACs", 9), Self("M", 6), Self("G", 9)]
    case .latency: [Self("s", 0), Self("ms", -3), Self("us", -6), Self("ns", -9), Self("ps", -12)]
    case .throughput: [Self("img/s", 0), Self("images/s", 0)]
    case .energy: [Self("J", 0), Self("mJ", -3), Self("uJ", -6), Self("nJ", -9), Self("pJ", -12)]
    case .weightBytes:
      [
        Self("B", 0), Self("KiB", 0, binary: 10), Self("MiB", 0, binary: 20),
        Self("GiB", 0, binary: 30),
      ]
    case .accuracy: []
    }
  }

  /// Finds the unit with a name.
  init(
    _ name: String, of objective: Objective, for value: YAMLValue
  ) throws(RunFileError) {
    let units = Self.units(of: objective)
    guard let unit = units.first(where: { $0.name == name }) else {
      let known = units.map(\.name).joined(separator: ", ")
      throw value.error(
        "unknown unit \"\(excerpt(name))\" for \(objective.rawValue); known are \(known)")
    }
    self = unit
  }
}

extension CostConstraint.Limit {
  /// Reads a limit as a command line has it: `0.5x` is relative to dense, a bare number is in the
  /// objective's own unit, `5ms` and `5 ms` in another; `nil` if it is none.
  package init?(argument text: String, of objective: Objective) {
    let number = text.prefix { "0123456789.eE+-".contains($0) }
    let unit = text.dropFirst(number.count).drop { $0 == " " }
    guard let value = Double(number), Self.range.contains(value) else { return nil }
    if unit == "x" {
      self = .relativeToDense(value)
    } else if unit.isEmpty {
      self = .absolute(value)
    } else {
      let units = CostUnit.units(of: objective)
      guard let unit = units.first(where: { $0.name == unit }) else { return nil }
      self = .absolute(value * unit.factor)
    }
  }

  /// The numbers of a limit, so that no unit makes one infinite or zero.
  static var range: ClosedRange<Double> { 1e-30...1e30 }

  /// The names of an objective's units, its own first.
  package static func unitNames(of objective: Objective) -> [String] {
    CostUnit.units(of: objective).map(\.name)
  }
}
