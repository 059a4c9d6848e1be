import AcceleratorModel
import Foundation
import SparsityCore
import Testing

struct SystolicArrayTests {
  @Test(arguments: [("deit_s_calc", 96), ("small_random_calc", 1800), ("odd_k_calc", 210)])
  func `every row of the simulator's stall-free tables is one less than our cycles`(
    table: String, rowCount: Int
  ) throws {
    let rows = try SimulatorRow.rows(of: table)
    #expect(rows.count == rowCount)
    for row in rows {
      let profile = try AcceleratorProfile.systolic32.overriding(
        rows: row.rows, columns: row.columns, dataflow: row.dataflow)
      let estimate = try gemmCost(
        m: row.m, k: row.k, n: row.n, pattern: row.pattern, profile: profile)
      #expect(estimate.cycles - 1 == row.totalCycles, "\(row)")
      #expect(estimate.macs <= estimate.denseMacs)
    }
  }

  @Test func `one product on a two by three array is what the formula gives by hand`() throws {
    // k = 6, so ws and is have 3 row folds; 5 outputs on 3 columns are 2 folds, 7 tokens are 3.
    let expected: [Dataflow: Int64] = [
      .weightStationary: 3 * 2 * (7 + 4 + 3 - 2), .inputStationary: 3 * 3 * (5 + 4 + 3 - 2),
      .outputStationary: 4 * 2 * (6 + 2 + 3 - 2),
    ]
    let pattern = try #require(NMPattern("2:4"))
    for dataflow in Dataflow.allCases {
      let profile = try AcceleratorProfile.systolic32.overriding(
        rows: 2, columns: 3, dataflow: dataflow)
      let estimate = try gemmCost(m: 7, k: 12, n: 5, pattern: pattern, profile: profile)
      #expect(estimate.cycles == expected[dataflow])
      #expect(estimate.macs == 7 * 6 * 5)
      #expect(estimate.denseMacs == 7 * 12 * 5)
    }
  }

  @Test(arguments: UInt64(0)..<200)
  func `a pattern that keeps more never takes fewer cycles`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let groupSize = [4, 8, 16][generator.index(below: 3)]
    let profile = try AcceleratorProfile.systolic32.overriding(
      rows: 1 + generator.index(below: 64), columns: 1 + generator.index(below: 64),
      dataflow: Dataflow.allCases[generator.index(below: 3)])
    let (m, k, n) = (
      1 + generator.index(below: 400), 1 + generator.index(below: 400),
      1 + generator.index(below: 400)
    )
    var last: Int64 = 0
    for kept in 1...groupSize {
      let pattern = try #require(NMPattern(kept: kept, groupSize: groupSize))
      let cycles = try gemmCost(m: m, k: k, n: n, pattern: pattern, profile: profile).cycles
      #expect(cycles >= last)
      last = cycles
    }
    #expect(last == (try gemmCost(m: m, k: k, n: n, pattern: .dense, profile: profile)).cycles)
  }
}

/// One row of a table under `Tests/Fixtures/scalesim`.
struct SimulatorRow {
  let rows: Int
  let columns: Int
  let dataflow: Dataflow
  let m: Int
  let k: Int
  let n: Int
  let pattern: NMPattern
  let totalCycles: Int64

  /// Reads a table; every row must be readable.
  static func rows(of table: String) throws -> [SimulatorRow] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/scalesim/\(table).csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let header = try #require(lines.first)
    return try lines.dropFirst().map { fields in
      func field(_ name: String) throws -> String {
        fields[try #require(header.firstIndex(of: name))]
      }
      func integer(_ name: String) throws -> Int { try #require(Int(try field(name))) }
      #expect(try field("bw_mode") == "CALC")
      let level = try field("level")
      return SimulatorRow(
        rows: try integer("rows"), columns: try integer("cols"),
        dataflow: try #require(Dataflow(rawValue: try field("dataflow"))), m: try integer("M"),
        k: try integer("K"), n: try integer("N"),
        pattern: level == "dense" ? .dense : try #require(NMPattern(level)),
        totalCycles: Int64(try integer("total_cycles")))
    }
  }
}
