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
      guard objective != .accuracy else { continue }
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

  /// Reads the accuracy that candidates need, of the section whose keys are known to be right.
  static func accuracyBound(_ value: YAMLValue?) throws(RunFileError) -> AccuracyBound? {
    let name = Objective.accuracy.rawValue
    guard let bound = try value?.entries().first(where: { $0.key == name })?.value else {
      return nil
    }
    let sides = try bound.mapping(keys: ["atLeast", "lossAtMost"])
    guard let (key, side) = sides.first, sides.count == 1 else {
      throw bound.error("constraints.accuracy needs either atLeast or lossAtMost")
    }
    let text = try side.string()
    let words = text.split(separator: " ").map(String.init)
    guard let number = words.first.flatMap(Double.init), number.isFinite else {
      throw side.error("\"\(excerpt(text))\" is no accuracy")
    }
    switch (key, words.dropFirst().first, words.count) {
    case ("atLeast", nil, 1) where number > 0 && number <= 1: return .atLeast(number)
    case ("atLeast", _, _):
      throw side.error(
        "constraints.accuracy.atLeast is \"\(excerpt(text))\"; write a fraction of the images, as "
          + "in 0.75")
    case (_, "points", 2) where (0..<100).contains(number): return .lossAtMost(points: number)
    default:
      throw side.error(
        "constraints.accuracy.lossAtMost is \"\(excerpt(text))\"; write percentage points below "
          + "the dense model, as in 3 points")
    }
  }

  /// What every candidate must satisfy, as text.
  package var constraintTexts: [String] {
    (accuracyBound.map { [$0.description] } ?? []) + constraints.map(\.description)
  }

  /// Whether a search begins anew when results count no more: what follows depends on them in
  /// strict mode, and where accuracies are compared with the dense model's.
  package var restartsSearch: Bool {
    if case .lossAtMost = accuracyBound { return true }
    return search.mode == .strict
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
