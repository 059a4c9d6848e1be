import SparsityCore

/// What is exactly known of every choice: what it adds to each exact objective.
struct ExactTables: Sendable {
  /// By objective: `nil` for one that is measured, else what each choice of each decision adds to
  /// the quantity that it follows from, against the last choices of all.
  let tables: [[[Double]]?]

  /// Changes one choice of the last ones after the other.
  init(space: ChoiceSpace, costs: ExactCosts) {
    let last = space.choiceCounts.map { UInt8($0 - 1) }
    let base = costs.additive(space.expand(Genome(genes: last)))
    var tables = base.map { value in value.map { _ in [[Double]]() } }
    for (decision, count) in space.choiceCounts.enumerated() {
      var rows = base.map { _ in [Double](repeating: 0, count: count) }
      for choice in 0..<count - 1 {
        var genes = last
        genes[decision] = UInt8(choice)
        let changed = costs.additive(space.expand(Genome(genes: genes)))
        for (objective, value) in changed.enumerated() {
          if let value, let old = base[objective] { rows[objective][choice] = value - old }
        }
      }
      for objective in tables.indices { tables[objective]?.append(rows[objective]) }
    }
    self.tables = tables
  }

  /// Whether an objective is known without measuring.
  func isExact(_ objective: Int) -> Bool {
    tables.indices.contains(objective) && tables[objective] != nil
  }
}
