import AcceleratorModel
import Foundation
import SparsityCore
import Testing
import TestSupport

/// One row of a table under `Tests/Fixtures/scalesim`.
struct SimulatorRow {
  let rows: Int
  let columns: Int
  let dataflow: ArrayDataflow
  let m: Int
  let k: Int
  let n: Int
  let pattern: NMPattern
  let isSparse: Bool
  let totalCycles: Int64
  let stallCycles: Int64
  let inputReads: Double
  let weightReads: Double
  let outputWrites: Double
  let metadataWords: Double

  /// The estimate of the row's product on the row's array.
  func estimate() throws -> ProductEstimate {
    let profile = try AcceleratorProfile.systolic32.overriding(
      rows: rows, columns: columns, dataflow: dataflow)
    return try gemmCost(m: m, k: k, n: n, pattern: pattern, profile: profile)
  }

  /// Reads a table; every row must be readable.
  static func rows(of table: String, mode: String? = nil) throws -> [SimulatorRow] {
    let fixture = try Fixture("scalesim/\(table).csv")
    return try fixture.rows.map { row in
      func integer(_ name: String) throws -> Int { try #require(Int(try row.text(name))) }
      func number(_ name: String) throws -> Double { try #require(Double(try row.text(name))) }
      #expect(try mode == nil || row.text("bw_mode") == mode)
      let level = try row.text("level")
      return SimulatorRow(
        rows: try integer("rows"), columns: try integer("cols"),
        dataflow: try #require(ArrayDataflow(rawValue: try row.text("dataflow"))),
        m: try integer("M"), k: try integer("K"), n: try integer("N"),
        pattern: level == "dense" ? .dense : try #require(NMPattern(level)),
        isSparse: level != "dense", totalCycles: Int64(try integer("total_cycles")),
        stallCycles: Int64(try integer("stall_cycles")),
        inputReads: try number("sram_ifmap_reads"),
        weightReads: try number("sram_filter_reads"),
        outputWrites: try number("sram_ofmap_writes"),
        metadataWords: try number("metadata_words"))
    }
  }
}

/// A table of comma-separated values under `Tests/Fixtures`.
struct Fixture {
  /// A row whose cells are found by their column.
  struct Row {
    fileprivate let cells: [String: String]

    func text(_ column: String) throws -> String { try #require(cells[column]) }
  }

  let rows: [Row]

  init(_ path: String) throws {
    let file = "\(Checkout.fixtures)/\(path)"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let header = try #require(lines.first)
    rows = lines.dropFirst().map { cells in
      Row(cells: Dictionary(zip(header, cells)) { first, _ in first })
    }
  }
}
