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
  /// One look-up in `entries`: the decision and how far apart its choices lie.
  private struct Term {
    let decision: Int
    let stride: Int
    let count: Int
  }
  private let terms: [Term]
  /// Where each table's entries begin in `entries`, and where its terms end in `terms`.
  private let spans: [(start: Int, termEnd: Int)]
  private let entries: [CostEntry]

  /// Gathers tables.
  package init(_ tables: [Table]) {
    var (terms, spans, entries) = ([Term](), [(start: Int, termEnd: Int)](), [CostEntry]())
    for table in tables {
      var stride = table.entries.count
      for (decision, count) in zip(table.decisions, table.counts) {
        stride /= count
        terms.append(Term(decision: decision, stride: stride, count: count))
      }
      spans.append((entries.count, terms.count))
      entries += table.entries
    }
    self.tables = tables
    self.terms = terms
    self.spans = spans
    self.entries = entries
  }

  /// Adds the entries of a genome to a sum.
  ///
  /// - Precondition: the genome lies in the space that the tables were made for.
  /// - Complexity: O(tables).
  package func add(_ genome: Genome, to sum: inout CostEntry) {
    var term = 0
    for span in spans {
      var index = span.start
      while term < span.termEnd {
        let choice = Int(genome.genes[terms[term].decision])
        precondition(choice < terms[term].count)
        index += choice * terms[term].stride
        term += 1
      }
      sum += entries[index]
    }
  }
}
