import AcceleratorModel
import SparsityCore
import Testing

struct CostTablesTests {
  /// One decision alone, and two that a step depends on together.
  private let tables = CostTables(
    [
      CostTables.Table(
        decisions: [1], counts: [2], entries: [CostEntry(cycles: 1), CostEntry(cycles: 2)]),
      CostTables.Table(
        decisions: [0, 2], counts: [2, 3],
        entries: [10, 20, 30, 40, 50, 90].map { CostEntry(cycles: $0, macs: 100 - $0) }),
    ], decisionCount: 3)

  @Test(arguments: 0..<2, 0..<2)
  func `a genome's cost is the sum of what its choices cost together`(
    first: Int, second: Int
  ) {
    for third in 0..<3 {
      let genome = Genome(genes: [first, second, third].map { UInt8($0) })
      let sum = tables.sum(of: genome, adding: CostEntry(cycles: 1_000))
      let joint = [[10, 20, 30], [40, 50, 90]][first][third]
      #expect(sum.cycles == Int64(1_000 + [1, 2][second] + joint))
      #expect(sum.macs == Int64(100 - joint))
    }
  }

  @Test func `a decision's costs are seen in each context of the others`() {
    let joint = tables.tables[1]
    #expect(joint.contexts(of: 0).map { $0.map(\.cycles) } == [[10, 40], [20, 50], [30, 90]])
    #expect(joint.contexts(of: 2).map { $0.map(\.cycles) } == [[10, 20, 30], [40, 50, 90]])
    #expect(joint.contexts(of: 1).isEmpty)
    #expect(joint.bounds.least == CostEntry(cycles: 10, macs: 10))
    #expect(joint.bounds.greatest == CostEntry(cycles: 90, macs: 90))
  }
}
