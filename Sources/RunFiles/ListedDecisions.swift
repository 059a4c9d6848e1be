import AcceleratorModel
import SparsityCore

/// Decisions that a run file lists, with what each choice adds to the costs.
///
/// The last choice of each is what relative limits and reference points are about, as the dense
/// model is where there is a network.
package struct ListedDecisions: Hashable, Sendable {
  /// The decisions, in the order of the file.
  package let decisions: [Decision]
  /// What each choice of each decision adds.
  package let entries: [[CostEntry]]
  /// What every genome pays.
  package let fixed: CostEntry
  /// The quantities that the file gives.
  package let quantities: CostQuantities

  /// The keys of a run file that are about listed decisions.
  static let keys = ["decisions", "costs"]
  /// What reports call the costs.
  package static let source = "listed costs"
  /// The parts of a second in which latencies are counted, and of a joule for energies.
  private static let partsPerUnit = 1_000_000_000_000
  /// The power of ten of ``partsPerUnit``.
  private static let partsPower = 12
  /// The quantities that can be listed.
  static let listable: [Objective] = [.macs, .latency, .energy, .weightBytes]

  /// Returns the names of quantities, for users.
  package static func names(of quantities: CostQuantities) -> [String] {
    listable.filter { quantities.isSuperset(of: CostQuantities(of: $0)) }.map(\.rawValue)
  }

  /// The exact cost of every genome, for one image at a time.
  ///
  /// - Throws: ``AcceleratorModel/AcceleratorError`` beyond 64 bits.
  package func costs() throws(AcceleratorError) -> GenomeCosts {
    var dense = fixed
    for choices in entries { dense = try dense.adding(choices[choices.count - 1]) }
    return try GenomeCosts(
      of: SearchSpace(decisions: decisions), source: Self.source,
      tables: zip(decisions.indices, entries).map { place, entries in
        CostTables.Table(decisions: [place], counts: [entries.count], entries: entries)
      }, fixed: fixed, dense: dense,
      units: CostUnits(batch: 1, clockHertz: Self.partsPerUnit, quantities: quantities))
  }
}

// MARK: - Reading

extension ListedDecisions {
  /// Reads the sections of a run file.
  init(_ value: YAMLValue, costs: YAMLValue?) throws(RunFileError) {
    var decisions: [Decision] = []
    var entries: [[CostEntry]] = []
    var quantities: CostQuantities = []
    var names: Set<String> = []
    for item in try value.sequence() {
      let values = try item.mapping(keys: ["name", "choices"] + Self.listable.map(\.rawValue))
      let decision = try Self.decision(values, in: item)
      guard names.insert(decision.name).inserted else {
        throw item.error("the decision \"\(decision.name)\" is listed twice")
      }
      decisions.append(decision)
      var own = [CostEntry](repeating: CostEntry(), count: decision.choices.count)
      for objective in Self.listable {
        guard let list = values[objective.rawValue] else { continue }
        let amounts = try list.sequence()
        guard amounts.count == own.count else {
          throw list.error(
            "\(objective.rawValue) of \"\(decision.name)\" has \(counted(amounts.count, "number")) "
              + "for \(counted(own.count, "choice"))")
        }
        for (index, amount) in amounts.enumerated() {
          own[index].set(objective, try amount.amount(of: objective, power: Self.partsPower))
        }
        quantities.formUnion(CostQuantities(of: objective))
      }
      entries.append(own)
    }
    guard RunLimits.geneRange.contains(decisions.count) else {
      throw value.error(
        "decisions has \(decisions.count) entries; at most \(RunLimits.geneRange.upperBound)")
    }
    guard decisions.contains(where: { $0.choices.count > 1 }) else {
      throw value.error("every decision has one choice, so there is nothing to search")
    }
    var fixed = CostEntry()
    let values = try costs?.mapping(keys: RunFile.Measured.keys + Self.fixedKeys) ?? [:]
    for objective in Self.listable {
      guard let amount = values[objective.rawValue],
        amount.scalar != RunFile.Measured.word
      else { continue }
      fixed.set(objective, try amount.amount(of: objective, power: Self.partsPower))
      quantities.formUnion(CostQuantities(of: objective))
    }
    self.init(decisions: decisions, entries: entries, fixed: fixed, quantities: quantities)
  }

  /// The keys of the section of costs besides those of what is measured.
  private static let fixedKeys = [Objective.macs.rawValue, Objective.weightBytes.rawValue]

  private static func decision(
    _ values: [String: YAMLValue], in item: YAMLValue
  ) throws(RunFileError) -> Decision {
    let name = try item.required("name", in: values).string()
    guard Choice.isCategory(name) else {
      throw item.error("the name \"\(excerpt(name))\" is none; write \(Choice.categoryDescription)")
    }
    let list = try item.required("choices", in: values)
    var choices: [Choice] = []
    for entry in try list.sequence() {
      let text = try entry.string()
      guard let choice = Choice(text, kind: .categorical) else {
        throw entry.error(
          "the choice \"\(excerpt(text))\" is none; write \(Choice.categoryDescription)")
      }
      guard !choices.contains(choice) else {
        throw entry.error("the choice \"\(text)\" of \"\(name)\" is listed twice")
      }
      choices.append(choice)
    }
    guard RunLimits.choiceRange.contains(choices.count) else {
      throw list.error(
        "\"\(name)\" has \(choices.count) choices; at most \(RunLimits.choiceRange.upperBound)")
    }
    return Decision(name: name, choices: choices)
  }

  /// Reads what ``text`` gives.
  ///
  /// - Throws: ``RunFileError`` for anything else.
  package init(text: String) throws(RunFileError) {
    let root = try YAMLValue.document(text, file: "the list of decisions")
    let sections = try root.mapping(keys: Self.keys)
    guard let decisions = sections["decisions"] else { throw root.missing("decisions") }
    try self.init(decisions, costs: sections["costs"])
  }
}

extension YAMLValue {
  /// Returns an amount that a choice adds, in the smallest unit that is counted.
  fileprivate func amount(of objective: Objective, power: Int) throws(RunFileError) -> Int64 {
    let text = try string()
    let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
    let own = CostUnit.units(of: objective)[0].name
    let unit = try CostUnit(parts.count == 2 ? parts[1] : own, of: objective, for: self)
    let counts = [Objective.latency, .energy].contains(objective) ? power : 0
    guard let number = parts.first.flatMap(DecimalNumber.init), !number.isNegative,
      let value = number.scaled(byPowerOfTen: unit.power + counts),
      value <= Self.amountMax >> unit.binaryPower
    else {
      let finest = [Objective.latency: "picoseconds", .energy: "picojoules"][objective]
      throw error(
        "\"\(excerpt(text))\" is no amount of \(objective.rawValue); write a whole number of "
          + "\(finest ?? own), as in \(objective == .macs ? "1.5 M" : "0.25 \(own)")")
    }
    return Int64(value) << Int64(unit.binaryPower)
  }

  /// The greatest amount: a few thousand of them fit into 64 bits.
  private static var amountMax: Int { 1 << 50 }
}

extension CostEntry {
  /// Sets the quantity that an objective follows from.
  fileprivate mutating func set(_ objective: Objective, _ amount: Int64) {
    switch objective.quantity {
    case .macs: macs = amount
    case .latency: cycles = amount
    case .energy: energyPicojoules = amount
    case .weightBytes: weightBits = amount * 8
    case .throughput, .accuracy: preconditionFailure("\(objective) is not listed")
    }
  }

  /// Returns the quantity that an objective follows from, as it is written.
  fileprivate func text(of objective: Objective) -> String {
    switch objective.quantity {
    case .macs: "\(macs)"
    case .latency: "\(cycles) ps"
    case .energy: "\(energyPicojoules) pJ"
    case .weightBytes: "\(weightBits / 8)"
    case .throughput, .accuracy: preconditionFailure("\(objective) is not listed")
    }
  }
}

// MARK: - Writing

extension ListedDecisions {
  /// The lines of a run file; `measured` shares the section of costs.
  func yamlLines(measured: RunFile.Measured?) -> [String] {
    let known = Self.listable.filter { quantities.isSuperset(of: CostQuantities(of: $0)) }
    var lines = ["decisions:"]
    for (decision, entries) in zip(decisions, entries) {
      var parts = [
        "name: \(ProfileValue.quoted(decision.name))",
        "choices: ["
          + decision.choices.map { ProfileValue.quoted("\($0)") }
          .joined(separator: ", ") + "]",
      ]
      parts += known.map { objective in
        let amounts = entries.map { $0.text(of: objective) }.joined(separator: ", ")
        return "\(objective.rawValue): [\(amounts)]"
      }
      lines.append("  - {\(parts.joined(separator: ", "))}")
    }
    let fixed = known.map { "\($0.rawValue): \(self.fixed.text(of: $0))" }
    let costs = fixed + (measured?.yamlEntries ?? [])
    if !costs.isEmpty { lines.append("costs: {\(costs.joined(separator: ", "))}") }
    return lines
  }

  /// Everything that costs depend on, as a text that ``init(text:)`` reads.
  package var text: String { yamlLines(measured: nil).joined(separator: "\n") + "\n" }
}
