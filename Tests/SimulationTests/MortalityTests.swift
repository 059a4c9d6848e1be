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

  /// The reports of many seeds, simulated on all cores.
  private static func reports(
    _ seeds: Range<UInt64>, hasPoison: Bool
  ) async -> [SimulationReport] {
    await withTaskGroup(of: SimulationReport.self) { group in
      for seed in seeds { group.addTask { report(seed: seed, hasPoison: hasPoison) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  /// Expects that innocents are quarantined as rarely as chance will have it, and nothing else goes
  /// wrong.
  ///
  /// A worker that dies on every third shard dies eight times in a row on an innocent once in 3⁸
  /// attempts, which eight deaths of a killer cannot be told from.
  private static func expectSound(_ reports: [SimulationReport], chanceCountMax: Int) {
    let unlucky = reports.filter { $0.needlessQuarantineCount > 0 }
    for report in reports where report.needlessQuarantineCount == 0 {
      #expect(report.isGreen, "\(report)")
    }
    let count = unlucky.reduce(0) { $0 + $1.needlessQuarantineCount }
    #expect(count <= chanceCountMax, "\(unlucky)")
  }

  @Test func `nobody is quarantined because workers die for reasons of their own`() async {
    let reports = await Self.reports(0..<1_000, hasPoison: false)
    Self.expectSound(reports, chanceCountMax: 1)
    for report in reports {
      #expect(report.quarantinedCount == report.needlessQuarantineCount)
    }
    let lostCount = reports.reduce(0) { $0 + $1.counters.lostWorkers }
    #expect(lostCount > 10_000, "workers hardly die")
  }

  @Test func `a killer among them is found after eight losses in trials at most`() async {
    let reports = await Self.reports(0..<300, hasPoison: true)
    Self.expectSound(reports, chanceCountMax: 1)
    for report in reports { #expect(report.killCountMax <= 8, "\(report)") }
    #expect(reports.count { $0.quarantinedCount > 0 } > 30, "hardly any killers")
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
