import Coordination
import Simulation
import Testing

/// Workers that die for reasons of their own, after three shards on average.
struct MortalityTests {
  static let workerCounts = [1, 2, 5]

  /// A strict run whose workers die; its rules compare it with a run without workers and deaths.
  static func report(seed: UInt64, hasPoison: Bool) -> SimulationReport {
    let count = workerCounts[Int(seed % UInt64(workerCounts.count))]
    return Simulator.run(
      seed: seed,
      options: SimulationOptions(
        order: .strict(window: 4 + Int(seed % 9)), workerCount: count,
        mortality: .init(meanLifeShards: 3, hasPoison: hasPoison)))
  }

  @Test(arguments: UInt64(0)..<50)
  func `nobody is quarantined because workers die for reasons of their own`(block: UInt64) {
    var lostCount = 0
    for seed in block * 20..<(block + 1) * 20 {
      let report = Self.report(seed: seed, hasPoison: false)
      #expect(report.isGreen, "\(report)")
      #expect(report.quarantinedCount == 0, "\(report)")
      lostCount += report.counters.lostWorkers
    }
    #expect(lostCount > 20, "workers hardly die")
  }

  @Test(arguments: UInt64(0)..<15)
  func `a killer among them is found after eight losses in trials at most`(block: UInt64) {
    var foundCount = 0
    for seed in block * 20..<(block + 1) * 20 {
      let report = Self.report(seed: seed, hasPoison: true)
      #expect(report.isGreen, "\(report)")
      #expect(report.needlessQuarantineCount == 0, "\(report)")
      #expect(report.killCountMax <= 8, "\(report)")
      foundCount += report.quarantinedCount
    }
    #expect(foundCount > 0, "no killers")
  }

  /// Fewer losses do when others come in the place of one whose loss is not noticed at once, and
  /// finish something meanwhile.
  @Test func `a single worker dies eight times on a killer, and then no more`() {
    let reports = (UInt64(0)..<40).map { seed in
      Simulator.run(
        seed: seed,
        options: SimulationOptions(
          workerCount: 1, mortality: .init(meanLifeShards: 1_000_000, hasPoison: true)))
    }
    for report in reports { #expect(report.isGreen, "\(report)") }
    let counts = Set(reports.filter { $0.quarantinedCount > 0 }.map(\.killCountMax))
    #expect(counts.max() == 8)
  }
}
