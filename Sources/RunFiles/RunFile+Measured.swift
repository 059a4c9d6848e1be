import AcceleratorModel
import SparsityCore

extension RunFile {
  /// What evaluators measure of the costs, instead of a model of them.
  package struct Measured: Hashable, Sendable {
    /// The quantities.
    package var quantities: CostQuantities
    /// How often each is measured at least; the median counts.
    package var repetitions: Int

    package init(quantities: CostQuantities, repetitions: Int) {
      self.quantities = quantities
      self.repetitions = repetitions
    }
  }
}

extension RunFile.Measured {
  /// What stands in place of an amount.
  static let word = "measured"
  /// The key of the repetitions.
  private static let repetitionsKey = "repetitions"
  /// How often something is measured unless the file says otherwise.
  private static let usualRepetitions = 3

  /// The keys of the section.
  static let keys = MeasuredCosts.measurable.map(\.rawValue) + [repetitionsKey]

  /// Reads the section of costs; `nil` if nothing is measured.
  init?(_ value: YAMLValue) throws(RunFileError) {
    quantities = []
    let entries = Dictionary(uniqueKeysWithValues: try value.entries())
    for objective in MeasuredCosts.measurable where entries[objective.rawValue]?.scalar == Self.word
    {
      quantities.formUnion(CostQuantities(of: objective))
    }
    let repetitions = entries[Self.repetitionsKey]
    guard !quantities.isEmpty else {
      if let repetitions {
        throw repetitions.error("costs.repetitions has no use: nothing is measured; remove the key")
      }
      return nil
    }
    self.repetitions =
      try repetitions?.integer(in: RunLimits.repetitionRange) ?? Self.usualRepetitions
  }

  /// The entries of the section, as a run directory keeps it.
  var yamlEntries: [String] {
    MeasuredCosts.measurable.filter { quantities.isSuperset(of: CostQuantities(of: $0)) }
      .map { "\($0.rawValue): \(Self.word)" } + ["\(Self.repetitionsKey): \(repetitions)"]
  }
}

extension RunFile {
  /// Refuses costs that nobody can tell, or that a run of this kind cannot use.
  func checkCosts(_ sections: [String: YAMLValue], root: YAMLValue) throws(RunFileError) {
    if evaluator == nil {
      for (key, isUsed) in [
        ("decisions", subject.listed != nil), ("costs", measured != nil),
      ] {
        if isUsed, let value = sections[key] {
          throw value.error(
            "\(key) needs a program that measures; add evaluator: {name: …, version: …}")
        }
      }
      if case .counted = data.images, let value = sections["data"] {
        throw value.error(
          "data.images is a number; name a folder or a packed set, or an evaluator that reads the "
            + "images: evaluator: {name: …, version: …}")
      }
    }
    if let costs = sections["costs"], subject.network != nil {
      for (key, value) in try costs.mapping(keys: Measured.keys).sorted(by: { $0.key < $1.key })
      where key != Measured.keys.last && value.scalar != Measured.word {
        throw value.error(
          "costs.\(key) is that of the accelerator's model unless it is \(Measured.word)")
      }
    }
    try checkListed(root: root, sections: sections)
    guard let measured, let costs = sections["costs"] else { return }
    if !subject.acceleratorNames.isEmpty {
      throw costs.error(
        "costs are measured on one accelerator, and there are several; write accelerator: "
          + "{profile: …}, or let costs be computed")
    }
    if search.mode == .strict {
      throw costs.error(
        "what is measured is never the same twice, so a strict run cannot use it; remove "
          + "search.mode, or let costs be computed")
    }
    for constraint in constraints
    where measured.quantities.isSuperset(of: CostQuantities(of: constraint.objective)) {
      guard case .relativeToDense = constraint.limit else { continue }
      throw (sections["constraints"] ?? root).error(
        "\(constraint.objective.rawValue) is measured, so nothing is known of dense; write a limit "
          + "with a unit, as in 5 \(CostUnit.units(of: constraint.objective)[0].name)")
    }
    for objective in objectives where !objective.isMaximized {
      guard measured.quantities.isSuperset(of: CostQuantities(of: objective)),
        measuredLimit(of: objective) == nil, referencePoint[objective] == nil
      else { continue }
      throw (sections["objectives"] ?? root).error(
        "\(objective.rawValue) is measured, so nobody knows up to where the hypervolume counts; "
          + "add referencePoint: {\(objective.rawValue): 5 "
          + "\(CostUnit.units(of: objective)[0].name)}, or improve throughput")
    }
  }

  /// Refuses objectives and constraints about quantities that nothing is listed of.
  private func checkListed(
    root: YAMLValue, sections: [String: YAMLValue]
  ) throws(RunFileError) {
    guard let listed = subject.listed else { return }
    let known = listed.quantities.union(measured?.quantities ?? [])
    let named =
      objectives.map { ("objectives", $0) } + constraints.map { ("constraints", $0.objective) }
    for (key, objective) in named where !known.isSuperset(of: CostQuantities(of: objective)) {
      let quantity = objective == .throughput ? Objective.latency : objective
      throw (sections[key] ?? root).error(
        "nothing is listed of \(objective.rawValue); give each decision a list "
          + "\(quantity.rawValue): […], or choose other objectives: [accuracy, macs]")
    }
  }

  /// The limit up to which a measured objective counts.
  package func measuredLimit(of objective: Objective) -> Double? {
    for constraint in constraints
    where constraint.objective == objective && constraint.bound == .atMost {
      if case .absolute(let value) = constraint.limit { return value }
    }
    return nil
  }
}
