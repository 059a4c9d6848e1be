import SparsityCore

extension RunFile {
  /// The program from outside that measures accuracy, as it names itself.
  package struct Evaluator: Hashable, Sendable {
    /// What computes.
    package var backend: Backend
  }

  /// Reads which program measures, and refuses what has a meaning only without one.
  static func evaluator(
    _ sections: [String: YAMLValue], heldOutSets: [HeldOutSet]
  ) throws(RunFileError) -> Evaluator? {
    guard let value = sections["evaluator"] else { return nil }
    let values = try value.mapping(keys: ["name", "version"])
    for key in [Precision.optionName, InstructionSet.optionName] {
      if let extra = sections[key] {
        throw extra.error(
          "\(key) is that of Elsa's own inference; what the evaluator computes with is part of its "
            + "version; remove the key")
      }
    }
    if let set = heldOutSets.first, let data = sections["data"] {
      throw data.error(
        "a \(set.rawValue) set is measured with Elsa's own inference, and this run is not; remove "
          + "it, or remove evaluator")
    }
    return Evaluator(
      backend: Backend(
        name: try term("name", of: values, in: value),
        version: try term("version", of: values, in: value)))
  }

  private static func term(
    _ key: String, of values: [String: YAMLValue], in section: YAMLValue
  ) throws(RunFileError) -> String {
    let value = try section.required(key, in: values)
    let text = try value.string()
    guard Numerics.isTerm(text), text != Backend.fromOutside.name else {
      throw value.error(
        "evaluator.\(key) is \"\(excerpt(text))\"; write \(Numerics.termDescription)")
    }
    return text
  }

  /// The entries of the section, as a run directory keeps it.
  var evaluatorEntries: [(String, String)] {
    guard let backend = evaluator?.backend else { return [] }
    return [("name", backend.name), ("version", backend.version)]
  }
}
