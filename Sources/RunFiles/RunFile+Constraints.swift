import SparsityCore

extension RunFile {
  static func constraints(
    _ value: YAMLValue?, on accelerators: [String]
  ) throws(RunFileError) -> [CostConstraint] {
    guard let value else { return [] }
    let objectives = Objective.all(on: accelerators)
    let values = try value.mapping(keys: objectives.map(\.rawValue))
    var constraints: [CostConstraint] = []
    for objective in objectives {
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
  /// Returns a limit: a bare number is relative to dense, one with a unit is absolute.
  func limit(of objective: Objective) throws(RunFileError) -> CostConstraint.Limit {
    let text = try string()
    let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
    guard let number = parts.first.flatMap(Double.init), CostConstraint.Limit.range.contains(number)
    else {
      throw error(
        "\"\(excerpt(text))\" is no limit; write a positive number, optionally with "
          + "a unit")
    }
    guard parts.count == 2 else { return .relativeToDense(number) }
    return .absolute(number * (try CostUnit(parts[1], of: objective, for: self)).factor)
  }
}
