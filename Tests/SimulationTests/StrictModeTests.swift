import Coordination
import Simulation
import Testing

struct StrictModeTests {
  /// The numbers of workers that must make no difference; their speeds are drawn.
  static let workerCounts = [1, 2, 5]

  /// Returns the reports of one run with different workers, each with faults of its own.
  static func reports(of seed: UInt64) -> [SimulationReport] {
    workerCounts.map { count in
      let options = SimulationOptions(
        order: .strict(window: 4 + Int(seed % 9)), workerCount: count)
      return Simulator.run(seed: seed, options: options)
    }
  }

  @Test(arguments: UInt64(0)..<20)
  func `any number and speed of workers find the same through faults`(block: UInt64) {
    var comparedCount = 0
    for seed in block * 10..<(block + 1) * 10 {
      let reports = Self.reports(of: seed)
      for report in reports { #expect(report.isGreen, "\(report)") }
      // Who loses too many workers over a candidate gives it up, which no order can undo.
      let comparable = reports.filter {
        $0.needlessQuarantineCount == 0 && $0.wrongEvaluationCount == 0
      }
      #expect(Set(comparable.map(\.outcome)).count <= 1, "seed \(seed) has several outcomes")
      comparedCount += comparable.count > 1 ? 1 : 0
    }
    #expect(comparedCount >= 5, "too few runs could be compared")
  }

  @Test func `asynchronous runs do differ, so that the comparison means something`() {
    let differing = (UInt64(0)..<20).count { seed in
      let outcomes = Self.workerCounts.map { count in
        Simulator.run(
          seed: seed, options: SimulationOptions(order: .asynchronous, workerCount: count)
        ).outcome
      }
      return Set(outcomes).count > 1
    }
    #expect(differing >= 10)
  }

  @Test func `the seeds try both orders`() {
    let orders = (UInt64(0)..<100).map { Simulator.run(seed: $0).order }
    let strictCount = orders.count { $0 != .asynchronous }
    #expect((10...60).contains(strictCount), "\(strictCount) of 100 runs are strict")
  }
}
