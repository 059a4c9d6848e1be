import Coordination
import Simulation
import Testing

struct StrictModeTests {
  @Test(arguments: UInt64(0)..<100)
  func `any number and speed of workers find the same through faults`(block: UInt64) {
    var comparedCount = 0
    for seed in block * 10..<(block + 1) * 10 {
      let comparison = StrictComparison(seed: seed)
      for report in comparison.reports { #expect(report.isGreen, "\(report)") }
      #expect(comparison.isGreen, "seed \(seed) has several outcomes")
      comparedCount += comparison.comparable.count > 1 ? 1 : 0
    }
    #expect(comparedCount >= 5, "too few runs could be compared")
  }

  @Test func `asynchronous runs do differ, so that the comparison means something`() {
    let differing = (UInt64(0)..<20).count { seed in
      let outcomes = StrictComparison.workerCounts.map { count in
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
