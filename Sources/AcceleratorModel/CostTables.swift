import SparsityCore

/// The summands of a candidate's cost, each looked up by what its decisions choose together.
///
/// Steps of the forward pass that depend on the same decisions share a table, whose entries are
/// added up beforehand; a candidate's cost is one look-up a table.
package struct CostTables: Sendable {
  /// A table of the joint choices of some decisions; that of the last changes fastest.
  package struct Table: Sendable {
    /// The decisions by their places in the search space, ascending.
    package let decisions: [Int]
    /// The number of choices of each.
    package let counts: [Int]
    /// The entries of all joint choices.
    package let entries: [CostEntry]

    /// Gathers the entries of all joint choices.
    package init(decisions: [Int], counts: [Int], entries: [CostEntry]) {
      precondition(!decisions.isEmpty && decisions.count == counts.count)
      precondition(entries.count == counts.reduce(1, *))
      self.decisions = decisions
      self.counts = counts
      self.entries = entries
    }

    /// The entries that none goes below and none exceeds, quantity by quantity.
    package var bounds: (least: CostEntry, greatest: CostEntry) {
      let rest = entries.dropFirst()
      return (
        rest.reduce(entries[0]) { $0.minimum($1) }, rest.reduce(entries[0]) { $0.maximum($1) }
      )
    }

    /// Returns the entries by the choice of a decision of the table, for each joint choice of the
    /// others.
    package func contexts(of decision: Int) -> [[CostEntry]] {
      guard let place = decisions.firstIndex(of: decision) else { return [] }
      let stride = counts[(place + 1)...].reduce(1, *)
      let count = counts[place]
      return entries.indices.filter { $0 / stride % count == 0 }.map { first in
        (0..<count).map { entries[first + $0 * stride] }
      }
    }
  }

  /// The tables, in the order of the first step of each.
  package let tables: [Table]
  /// What each decision costs alone: a row for each decision, of as many entries as the most
  /// choices, zeros where it has fewer or no table of its own.
  private let rows: [CostEntry]
  /// The entries of a row.
  private let rowSize: Int
  /// The tables of several decisions: where the choices of each lie apart.
  private let joint: [(table: Table, strides: [Int])]

  /// Gathers tables over so many decisions.
  package init(_ tables: [Table], decisionCount: Int) {
    let single = tables.filter { $0.decisions.count == 1 }
    let rowSize = tables.flatMap(\.counts).max() ?? 1
    var rows = [CostEntry](repeating: CostEntry(), count: decisionCount * rowSize)
    for table in single {
      let start = table.decisions[0] * rowSize
      for (index, entry) in table.entries.enumerated() { rows[start + index] += entry }
    }
    self.tables = tables
    self.rows = rows
    self.rowSize = rowSize
    joint = tables.filter { $0.decisions.count > 1 }.map { table in
      var stride = table.entries.count
      let strides = table.counts.map { count in
        stride /= count
        return stride
      }
      return (table, strides)
    }
  }

  /// Returns the sum of a genome's entries and what every genome pays.
  ///
  /// - Precondition: the genome lies in the space that the tables were made for.
  /// - Complexity: O(decisions + tables).
  package func sum(of genome: Genome, adding fixed: CostEntry) -> CostEntry {
    var sum = fixed
    var start = 0
    for gene in genome.genes {
      precondition(gene < rowSize)
      sum += rows[start + Int(gene)]
      start += rowSize
    }
    return joint.isEmpty ? sum : adding(joint: genome, to: sum)
  }

  private func adding(joint genome: Genome, to sum: CostEntry) -> CostEntry {
    var sum = sum
    for (table, strides) in joint {
      var index = 0
      for (decision, stride) in zip(table.decisions, strides) {
        index += Int(genome.genes[decision]) * stride
      }
      sum += table.entries[index]
    }
    return sum
  }
}
