import AcceleratorModel
import SparsityCore

extension RunFile {
  /// Reads up to where the hypervolume is measured: accuracies are absolute, costs as constraints
  /// have them.
  static func referencePoint(
    _ value: YAMLValue?, of objectives: [Objective], measured: Measured?
  ) throws(RunFileError) -> [Objective: CostConstraint.Limit] {
    guard let value else { return [:] }
    let values = try value.mapping(keys: objectives.map(\.rawValue))
    var point: [Objective: CostConstraint.Limit] = [:]
    for objective in objectives {
      guard let entry = values[objective.rawValue] else { continue }
      guard objective != .accuracy else {
        let text = try entry.string()
        guard let accuracy = Double(text), accuracyRange.contains(accuracy) else {
          throw entry.error(
            "referencePoint.accuracy is \"\(excerpt(text))\"; write a fraction of the images, as "
              + "in 0.5")
        }
        point[objective] = .absolute(accuracy)
        continue
      }
      if objective.isMaximized, let text = entry.scalar,
        text.split(separator: " ").first.flatMap({ Double($0) }) == 0
      {
        point[objective] = .absolute(0)
        continue
      }
      let limit = try entry.limit(of: objective)
      if case .relativeToDense = limit,
        measured?.quantities.isSuperset(of: CostQuantities(of: objective)) ?? false
      {
        throw entry.error(
          "\(objective.rawValue) is measured, so nothing is known of dense; write a value with a "
            + "unit, as in 5 \(CostUnit.units(of: objective)[0].name)")
      }
      point[objective] = limit
    }
    return point
  }

  /// The accuracies up to which a hypervolume can be measured; above the greatest there is nothing.
  private static var accuracyRange: Range<Double> { 0..<1 }

  /// The key of the section.
  static let referencePointKey = "referencePoint"

  /// The entries of the section as keys and texts, in the order of the objectives.
  var referencePointEntries: [(String, String)] {
    objectives.compactMap { objective in
      referencePoint[objective].map { limit in
        let text =
          switch limit {
          case .absolute(let value) where objective == .accuracy: "\(value)"
          case .absolute(let value): Self.absolute(value, of: objective)
          case .relativeToDense(let factor): "\(factor)"
          }
        return (objective.rawValue, text)
      }
    }
  }
}
