import SparsityCore

/// What the sums of entries amount to.
package struct CostUnits: Hashable, Sendable {
  /// The images of one batch.
  package let batch: Int
  /// The clock rate that turns cycles into seconds.
  package let clockHertz: Int
  /// The quantities that entries tell.
  package var quantities: CostQuantities

  package init(batch: Int, clockHertz: Int, quantities: CostQuantities) {
    precondition(batch > 0 && clockHertz > 0)
    self.batch = batch
    self.clockHertz = clockHertz
    self.quantities = quantities
  }
}

/// The exact cost of any genome of a search space: a sum of look-ups, wherever entries are from.
package struct GenomeCosts: Sendable {
  /// What genomes decide about.
  package let space: SearchSpace
  /// What reports call the source of the entries, as in `systolic32`.
  package let source: String
  /// The cost of the dense model, with which others are compared.
  package private(set) var denseCost: Cost

  /// What objectives call the accelerator; `nil` where it is the only one and has no name.
  package private(set) var name: String?
  /// The costs of the same genomes on the other accelerators of the run.
  private var others: [GenomeCosts] = []

  /// What depends on decisions.
  let tables: CostTables
  /// What every genome pays.
  private let fixed: CostEntry
  /// The sums of the dense model.
  private let dense: CostEntry
  private let units: CostUnits

  /// Gathers entries.
  ///
  /// - Parameters:
  ///   - fixed: what every genome pays.
  ///   - dense: the sums of what genomes are compared with.
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` if the cost of some genome would leave 64 bits.
  package init(
    of space: SearchSpace, source: String, tables: [CostTables.Table], fixed: CostEntry,
    dense: CostEntry, units: CostUnits
  ) throws(AcceleratorError) {
    // No genome's sums leave 64 bits if the greatest of all tables together do not.
    var largest = fixed
    for table in tables { largest = try largest.adding(table.bounds.greatest) }
    self.init(
      space: space, source: source,
      tables: CostTables(tables, decisionCount: space.decisions.count), fixed: fixed,
      dense: dense, units: units)
  }

  private init(
    space: SearchSpace, source: String, tables: CostTables, fixed: CostEntry, dense: CostEntry,
    units: CostUnits
  ) {
    self.space = space
    self.source = source
    self.tables = tables
    self.fixed = fixed
    self.dense = dense
    self.units = units
    denseCost = Self.cost(of: dense, dense: dense, units: units)
  }

  /// Joins the costs of the same genomes on several accelerators; what names none is that of the
  /// first.
  ///
  /// - Precondition: at least one, all of one space, no name twice.
  package init(joining costs: [(name: String?, costs: GenomeCosts)]) {
    precondition(!costs.isEmpty)
    precondition(costs.allSatisfy { $0.costs.space == costs[0].costs.space })
    precondition(Set(costs.map(\.name)).count == costs.count)
    let named = costs.map { name, costs in
      var named = costs
      named.name = name
      named.denseCost.accelerator = name
      return named
    }
    self = named[0]
    others = Array(named.dropFirst())
    denseCost.others = others.map(\.denseCost)
  }

  /// The costs on each accelerator of the run, these first.
  package var all: [GenomeCosts] { [self] + others }

  /// What reports call the sources of the entries of all accelerators.
  package var sources: String { all.map(\.source).joined(separator: " and ") }

  /// Returns the same costs without quantities that are measured instead.
  package func without(_ quantities: CostQuantities) -> GenomeCosts {
    let remaining = all.map { costs in
      var units = costs.units
      units.quantities.subtract(quantities)
      return (
        costs.name,
        GenomeCosts(
          space: space, source: costs.source, tables: costs.tables, fixed: costs.fixed,
          dense: costs.dense, units: units)
      )
    }
    return GenomeCosts(joining: remaining)
  }

  /// Returns the cost of a genome.
  ///
  /// - Precondition: the genome lies in ``space``.
  /// - Complexity: one look-up for each accelerator and set of decisions that entries depend on.
  package func cost(of genome: Genome) -> Cost {
    precondition(genome.genes.count == space.decisions.count)
    return joined(tables.sum(of: genome, adding: fixed)) { $0.cost(of: genome) }
  }

  /// The costs that no genome goes below and none exceeds, quantity by quantity.
  package var bounds: (least: Cost, greatest: Cost) {
    var least = fixed
    var greatest = fixed
    for table in tables.tables {
      least += table.bounds.least
      greatest += table.bounds.greatest
    }
    return (joined(least) { $0.bounds.least }, joined(greatest) { $0.bounds.greatest })
  }

  /// Returns the cost that sums amount to, with that on each other accelerator.
  private func joined(_ sum: CostEntry, _ other: (GenomeCosts) -> Cost) -> Cost {
    var cost = Self.cost(of: sum, dense: dense, units: units)
    cost.accelerator = name
    if !others.isEmpty { cost.others = others.map(other) }
    return cost
  }

  /// Returns the cost that sums amount to.
  private static func cost(of sum: CostEntry, dense: CostEntry, units: CostUnits) -> Cost {
    Cost(
      latencyCycles: sum.cycles, macs: sum.macs, denseMacs: dense.macs, elsaMacs: sum.elsaMacs,
      elsaDenseMacs: dense.elsaMacs, weightBits: sum.weightBits,
      energyPicojoules: units.quantities.contains(.energy) ? sum.energyPicojoules : nil,
      batch: units.batch, clockHertz: units.clockHertz, quantities: units.quantities)
  }
}
