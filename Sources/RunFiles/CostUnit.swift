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
    switch objective {
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
