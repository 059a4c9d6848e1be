import SparsityCore

extension RunFile {
  static func constraints(_ value: YAMLValue?) throws(RunFileError) -> [CostConstraint] {
    guard let value else { return [] }
    let values = try value.mapping(keys: Objective.allCases.map(\.rawValue))
    var constraints: [CostConstraint] = []
    for objective in Objective.allCases {
      guard let bounds = values[objective.rawValue] else { continue }
      guard objective != .accuracy else {
        throw bounds.error(
          "accuracy cannot be a constraint: it is not known before a candidate is evaluated")
      }
      let sides = try bounds.mapping(keys: ["atMost", "atLeast"])
      guard !sides.isEmpty else {
        throw bounds.error("constraints.\(objective.rawValue) needs atMost or atLeast")
      }
      for (key, bound) in [("atMost", CostConstraint.Bound.atMost), ("atLeast", .atLeast)] {
        guard let side = sides[key] else { continue }
        constraints.append(
          CostConstraint(objective: objective, bound: bound, limit: try side.limit(of: objective)))
      }
    }
    return constraints
  }
}

extension YAMLValue {
  /// The numbers of a limit, so that no unit makes one infinite or zero.
  private static var limitRange: ClosedRange<Double> { 1e-30...1e30 }

  /// Returns a limit: a bare number is relative to dense, one with a unit is absolute.
  func limit(of objective: Objective) throws(RunFileError) -> CostConstraint.Limit {
    let text = try string()
    let units: [(name: String, factor: Double)] =
      switch objective {
      case .macs: [("MACs", 1), ("MMACs", 1e6), ("GMACs", 1e9), ("M", 1e6), ("G", 1e9)]
      case .latency: [("us", 1e-6), ("ms", 1e-3), ("s", 1)]
      case .throughput: [("img/s", 1), ("images/s", 1)]
      case .energy: [("uJ", 1e-6), ("mJ", 1e-3), ("J", 1)]
      case .weightBytes: [("B", 1), ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30)]
      case .accuracy: []
      }
    let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
    guard let number = parts.first.flatMap(Double.init), Self.limitRange.contains(number) else {
      throw error(
        "\"\(excerpt(text))\" is no limit; write a positive number, optionally with "
          + "a unit")
    }
    guard parts.count == 2 else { return .relativeToDense(number) }
    guard let unit = units.first(where: { $0.name == parts[1] }) else {
      let known = units.map(\.name).joined(separator: ", ")
      let unit = excerpt(parts[1])
      throw error("unknown unit \"\(unit)\" for \(objective.rawValue); known are \(known)")
    }
    return .absolute(number * unit.factor)
  }
}
