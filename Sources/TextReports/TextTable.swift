/// A table for users: columns as wide as their widest cell, numbers on the right.
package struct TextTable {
  /// Where the cells of a column stand.
  package enum Alignment {
    case left
    case right
  }

  private let headings: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// Creates a table without rows.
  package init(_ columns: [(heading: String, alignment: Alignment)]) {
    self.headings = columns.map(\.heading)
    self.alignments = columns.map(\.alignment)
  }

  /// Adds a row with one cell for each column.
  package mutating func append(_ cells: [String]) {
    precondition(cells.count == headings.count)
    rows.append(cells)
  }

  /// The table as lines: headings, a rule, the rows.
  package var lines: [String] {
    let widths = headings.indices.map { column in
      ([headings] + rows).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return alignments[column] == .left ? cell + space : space + cell
      }
      return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return [line(headings), rule] + rows.map(line)
  }
}
