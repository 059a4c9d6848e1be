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
  package let denseCost: Cost

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

  /// Returns the same costs without quantities that are measured instead.
  package func without(_ quantities: CostQuantities) -> GenomeCosts {
    var units = units
    units.quantities.subtract(quantities)
    return GenomeCosts(
      space: space, source: source, tables: tables, fixed: fixed, dense: dense, units: units)
  }

  /// Returns the cost of a genome.
  ///
  /// - Precondition: the genome lies in ``space``.
  /// - Complexity: one look-up for each set of decisions that entries depend on.
  package func cost(of genome: Genome) -> Cost {
    precondition(genome.genes.count == space.decisions.count)
    return Self.cost(of: tables.sum(of: genome, adding: fixed), dense: dense, units: units)
  }

  /// The costs that no genome goes below and none exceeds, quantity by quantity.
  package var bounds: (least: Cost, greatest: Cost) {
    var least = fixed
    var greatest = fixed
    for table in tables.tables {
      least += table.bounds.least
      greatest += table.bounds.greatest
    }
    return (
      Self.cost(of: least, dense: dense, units: units),
      Self.cost(of: greatest, dense: dense, units: units)
    )
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
