import Foundation
import Simulation
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(20))) struct SimulatorTests {
  /// The seeds of a run of the tests; the first ones are tried on each push.
  static let blockSize: UInt64 = 25
  static let blockCount: UInt64 = 20

  @Test(arguments: 0..<blockCount)
  func `no rule is broken`(block: UInt64) {
    for seed in block * Self.blockSize..<(block + 1) * Self.blockSize {
      let report = Simulator.run(seed: seed)
      #expect(report.isGreen, "\(report)")
    }
  }

  @Test(arguments: Corpus.seeds)
  func `what was broken once stays mended`(entry: Corpus.Entry) {
    let report = Simulator.run(seed: entry.seed)
    #expect(report.isGreen, "\(entry.found): \(report)")
  }

  @Test func `the seeds try everything`() {
    let reports = (UInt64(0)..<200).map { Simulator.run(seed: $0) }
    let plans = reports.map(\.plan)
    let faults: [(String, (FaultPlan) -> Bool)] = [
      ("loss", { $0.lossProbability > 0.2 }), ("duplication", { $0.duplicationProbability > 0.1 }),
      ("reordering", { $0.delayMax >= 500 }), ("crashes", { !$0.workerCrashes.isEmpty }),
      ("departures", { !$0.departures.isEmpty }), ("freezes", { !$0.freezes.isEmpty }),
      ("hangs", { !$0.hangs.isEmpty }), ("drains", { !$0.drains.isEmpty }),
      ("coordinator crashes", { !$0.coordinatorCrashes.isEmpty }),
      ("coordinator drains", { !$0.coordinatorDrains.isEmpty }),
      ("coordinator stops", { !$0.coordinatorStops.isEmpty }),
      ("slow writes", { $0.writeTimes.upperBound >= 2_000 }),
      ("failing writes", { $0.writeFailureProbability > 0.3 }),
      ("other costs", { $0.hasDeviantWorker }), ("a rogue", { $0.hasRogue }),
      ("a sick worker", { $0.hasSickWorker }),
      ("partitions", { !$0.partitions.isEmpty }), ("clogs", { !$0.clogs.isEmpty }),
      ("jumps of workers' clocks", { $0.clockJumps.contains { $0.process >= 0 } }),
      ("jumps of the coordinator's clock", { $0.clockJumps.contains { $0.process < 0 } }),
      ("full disks", { !$0.fullDisks.isEmpty }), ("revocations", { !$0.revocations.isEmpty }),
      ("end times", { $0.lifetimes != nil }), ("idle workers", { $0.idleTimeout != nil }),
      ("wrong workers", { $0.hasWrongWorker }),
      ("announced deaths only", { $0.isEveryDeathAnnounced && $0.losesFarewells }),
      ("workers that die of themselves", { $0.meanLifeShards != nil }),
      ("poison", { $0.hasPoison }), ("failures", { $0.hasFailures }), ("calm", { $0.isCalm }),
      ("broken connections", { $0.reception?.linkBreaks.isEmpty == false }),
      ("stalls", { $0.reception?.stalls.isEmpty == false }),
      ("drains by operators", { $0.reception?.workerDrains.isEmpty == false }),
      ("strangers", { $0.reception?.hasStrangers == true }),
      ("impostors", { $0.reception?.hasImpostor == true }),
      ("greedy keys", { $0.reception?.contestedSessionCount != nil }),
    ]
    for (name, holds) in faults {
      #expect(plans.count { holds($0) } >= 5, "too few plans with \(name)")
    }
    let counts: [(String, (SimulationReport) -> Int)] = [
      ("late results", { $0.counters.expiredResults }),
      ("duplicates", { $0.counters.duplicateResults }),
      ("postponed results", { $0.counters.postponedResults }),
      ("expired leases", { $0.counters.expiredLeases }),
      ("adopted leases", { $0.counters.adoptedLeases }),
      ("failed evaluations", { $0.counters.failedEvaluations }),
      ("malformed frames", { $0.counters.malformedFrames }),
      ("refused workers", { $0.counters.refusedWorkers }),
      ("lost workers", { $0.counters.lostWorkers }),
      ("failed writes", { $0.counters.failedWrites }),
      ("speculative leases", { $0.counters.backupLeases }),
      ("suspected deaths", { $0.counters.suspectedDeaths }),
      ("trials", { $0.counters.trialLeases }), ("controls", { $0.counters.controlLeases }),
      ("quarantines", { $0.quarantinedCount }),
      ("repeated evaluations", { $0.computedShardCount - $0.durableShardCount }),
    ]
    for (name, count) in counts {
      #expect(reports.reduce(0) { $0 + count($1) } > 0, "no \(name) in 200 seeds")
    }
  }

  @Test func `the same seed gives the same history`() {
    for seed in UInt64(0)..<20 {
      #expect(Simulator.run(seed: seed).digest == Simulator.run(seed: seed).digest)
    }
    #expect(Simulator.run(seed: 1).digest != Simulator.run(seed: 2).digest)
  }

  @Test func `a trace does not change the history`() {
    let digest = Simulator.run(seed: 3).digest
    let lines = Lines()
    #expect(Simulator.run(seed: 3, trace: { lines.append($0) }).digest == digest)
    #expect(lines.count > 100)
  }

  /// Writes digests for the test below, which starts this process again; alone it checks a few.
  @Test func `digests of this process`() throws {
    let path = ProcessInfo.processInfo.environment["ELSA_PRINT_DIGESTS"]
    let digests = (UInt64(0)..<(path == nil ? 3 : 40)).map { "\(Simulator.run(seed: $0).digest)" }
    #expect(Set(digests).count == digests.count)
    guard let path else { return }
    try digests.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Sets and dictionaries have another order in each process, which one process cannot see.
  @Test func `the same seed gives the same history in another process`() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("digests")
    let process = try RunningProcess(
      URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path,
      [
        "--testing-library", "swift-testing", "--filter",
        "SimulatorTests.*digests of this process",
      ],
      environment: ProcessInfo.processInfo.environment.merging(["ELSA_PRINT_DIGESTS": file]) { $1 })
    #expect(process.ending().status == 0)
    let digests = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    #expect(digests.count == 40)
    for (seed, digest) in digests.enumerated() {
      #expect("\(Simulator.run(seed: UInt64(seed)).digest)" == digest)
    }
  }

  /// Lines that a trace has written.
  final class Lines: @unchecked Sendable {
    // Written by one thread only: a simulation runs on its caller's.
    private var lines: [String] = []
    var count: Int { lines.count }
    func append(_ line: String) { lines.append(line) }
  }
}
