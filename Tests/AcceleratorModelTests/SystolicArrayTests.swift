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

  @Test(arguments: [
    ("deit_s_calc", 96), ("small_random_calc", 1800), ("odd_k_calc", 210), ("user_bw", 72),
  ])
  func `words that the simulator counts rightly are ours, and so are metadata`(
    table: String, rowCount: Int
  ) throws {
    let rows = try SimulatorRow.rows(of: table)
    #expect(rows.count == rowCount)
    for row in rows {
      let estimate = try row.estimate()
      let accesses = try #require(estimate.accesses)
      let kept = row.pattern.keptCount(ofInputs: row.k)
      #expect(Double(accesses.weightReads) == row.weightReads, "\(row)")
      switch row.dataflow {
      case .outputStationary:
        // The simulator adds rows + columns for each fold, which nobody writes.
        let folds = estimate.cycles / Int64(kept + row.rows + row.columns - 2)
        let excess = Double(folds * Int64(row.rows + row.columns))
        #expect(Double(accesses.outputWrites) == row.outputWrites - excess, "\(row)")
        #expect(Double(accesses.inputReads) == row.inputReads, "\(row)")
      case .inputStationary:
        #expect(Double(accesses.outputWrites) == row.outputWrites, "\(row)")
        #expect(Double(accesses.inputReads) == row.inputReads, "\(row)")
      case .weightStationary, .best:
        #expect(Double(accesses.outputWrites) == row.outputWrites, "\(row)")
        // Where groups do not divide the inputs, the simulator counts k·M/N of them instead of K.
        let counted = Double(kept * row.pattern.groupSize) / Double(row.pattern.kept)
        let simulated = Double(accesses.inputReads) / Double(row.k) * counted
        #expect(abs(simulated - row.inputReads) <= 1e-9 * simulated + 1, "\(row)")
        if row.k % row.pattern.groupSize == 0 { #expect(counted == Double(row.k)) }
      }
      // The simulator stores indices of a dense matrix too if it is called 4:4.
      let bits = row.pattern.metadataBits(ofInputs: row.k, format: .index) * row.n
      #expect(Double(row.isSparse ? bits : 0) / 32 == row.metadataWords, "\(row)")
      guard !row.pattern.isDense, row.dataflow == .weightStationary else { continue }
      #expect(accesses.metadataBits == Int128(bits), "\(row)")
    }
  }

  @Test func `cycles without the simulator's stalls are ours where bandwidth is limited`() throws {
    let rows = try SimulatorRow.rows(of: "user_bw", mode: "USER")
    #expect(rows.count == 72)
    #expect(rows.contains { $0.stallCycles != 0 })
    for row in rows {
      #expect(try row.estimate().cycles - 1 == row.totalCycles - row.stallCycles, "\(row)")
    }
  }

  @Test func `row-wise sparsity takes the simulator's cycles whatever the ratio`() throws {
    let rows = try SimulatorRow.rows(of: "rowwise")
    #expect(rows.count == 8)
    for row in rows {
      let array = try SystolicArray(
        rows: row.rows, columns: row.columns, dataflow: row.dataflow, isRowWise: true)
      var profile = AcceleratorProfile.systolic32
      profile.engine = .systolic(array)
      let estimate = try gemmCost(
        m: row.m, k: row.k, n: row.n, pattern: row.pattern, profile: profile)
      #expect(estimate.cycles - 1 == row.totalCycles, "\(row)")
      let sparser = try #require(NMPattern("1:4"))
      let other = try gemmCost(m: row.m, k: row.k, n: row.n, pattern: sparser, profile: profile)
      #expect(other.cycles == estimate.cycles)
      let accesses = try #require(estimate.accesses)
      #expect(Double(accesses.weightReads) == row.weightReads, "\(row)")
      #expect(Double(accesses.outputWrites) == row.outputWrites, "\(row)")
    }
  }

  @Test func `the best dataflow is the fastest of the three for each product`() throws {
    var winners: Set<Int> = []
    for (n, pattern) in [(384, "4:4"), (384, "2:4"), (1536, "4:4"), (1152, "1:4")] {
      let pattern = try #require(NMPattern(pattern))
      let cycles = try ArrayDataflow.allCases.map { dataflow in
        let profile = try AcceleratorProfile.systolic32.overriding(dataflow: dataflow)
        return try gemmCost(m: 197, k: 384, n: n, pattern: pattern, profile: profile).cycles
      }
      let fastest = try #require(cycles.prefix(3).min())
      #expect(cycles[3] == fastest)
      winners.insert(cycles.firstIndex(of: fastest) ?? -1)
    }
    #expect(winners.count > 1, "the choice depends on the layer")
  }

  @Test func `shadow registers hide all loads but the first`() throws {
    var profile = AcceleratorProfile.systolic32
    profile.engine = .systolic(
      try SystolicArray(
        rows: 32, columns: 32, dataflow: .weightStationary, isShadowed: true))
    let cycles = try gemmCost(m: 197, k: 384, n: 1152, pattern: .dense, profile: profile).cycles
    #expect(cycles == 12 * 36 * 197 + 32 + 32 + 32 - 2)
    // Fewer tokens than rows: loading takes longer than computing.
    let few = try gemmCost(m: 5, k: 64, n: 64, pattern: .dense, profile: profile).cycles
    #expect(few == 4 * 32 + 94)
  }

  @Test func `one product on a two by three array is what the formula gives by hand`() throws {
    // k = 6, so ws and is have 3 row folds; 5 outputs on 3 columns are 2 folds, 7 tokens are 3.
    let expected: [Dataflow: Int64] = [
      .weightStationary: 3 * 2 * (7 + 4 + 3 - 2), .inputStationary: 3 * 3 * (5 + 4 + 3 - 2),
      .outputStationary: 4 * 2 * (6 + 2 + 3 - 2),
    ]
    let pattern = try #require(NMPattern("2:4"))
    for dataflow in Dataflow.allCases {
      let arrayDataflow = try #require(ArrayDataflow(rawValue: dataflow.rawValue))
      let profile = try AcceleratorProfile.systolic32.overriding(
        rows: 2, columns: 3, dataflow: arrayDataflow)
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
      dataflow: ArrayDataflow.allCases[generator.index(below: 4)])
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
