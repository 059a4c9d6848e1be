import ArgumentParser
import Dispatch
import Foundation
import ProcessLimits
import Simulation
import SparsityCore
import Synchronization

/// The coordinator and its workers through faults, in virtual time.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Runs coordinator and workers through simulated faults.",
    discussion: """
      Each seed draws a small run and a plan of faults: messages lost, repeated and delayed, \
      groups of workers cut off, clogged links, clocks that jump, workers that crash, hang, leave \
      in time or for good, compute wrongly or lose their key, connections that break, strangers \
      and holders of keys who want more than their share, a coordinator that dies or stands still, \
      a slow, full or failing disk. Rules are checked after every step. Equal seeds give equal \
      digests, on any machine. Ends with 1 if a rule was broken.

      With --speeds nothing goes wrong, and the utilization tells how busy uneven workers are \
      kept. With --strict each seed is a run in strict mode that workers of three numbers go \
      through, each with faults of their own: all must find the same.

      EXAMPLES
        elsa simulate --seed 42 --trace
        elsa simulate --seeds 0..499
        elsa simulate --seeds 0..999 --strict
        elsa simulate --seed 7 --workers 10000
        elsa simulate --seed 1 --speeds 1:1:1:2:2:4:4:8 --evaluations 300
      """)

  @Option(help: "The seed to simulate.")
  var seed: UInt64?

  @Option(help: ArgumentHelp("The first and the last of several seeds.", valueName: "A..B"))
  var seeds: String?

  @Option(help: "The workers (default: as the seed wants, mostly 1…6, rarely 10000).")
  var workers: Int?

  @Option(help: "The candidates that may be proposed (default: as the seed wants, up to 100).")
  var evaluations: Int?

  @Option(
    help: ArgumentHelp(
      "The relative speeds of workers without faults; the run is asynchronous.",
      valueName: "a:b:…"))
  var speeds: String?

  @Flag(help: "Compare strict runs of 1, 2 and 5 workers.")
  var strict = false

  @Option(help: "The seeds that are simulated at once (default: one a core).")
  var threads: Int?

  @Flag(help: "Print everything that happens (with --seed).")
  var trace = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (seed == nil) != (seeds == nil) else {
      throw ValidationError("Give either --seed or --seeds.")
    }
    if let seeds, Self.range(seeds) == nil {
      throw ValidationError("--seeds is \"\(seeds)\"; write the first and the last, as in 0..499.")
    }
    try OptionRange.check("--workers", workers, in: 1...20_000)
    try OptionRange.check("--evaluations", evaluations, in: 1...100_000)
    if let speeds, Self.speeds(speeds) == nil {
      throw ValidationError(
        "--speeds is \"\(speeds)\"; write a number from 1 to 1000 for each worker, as in 1:2:4.")
    }
    if speeds != nil, workers != nil {
      throw ValidationError("--speeds has a number for each worker; leave --workers out.")
    }
    if strict, workers != nil || speeds != nil || evaluations != nil {
      throw ValidationError(
        "--strict has its own --workers, --speeds and --evaluations; leave them out.")
    }
    try OptionRange.check("--threads", threads, in: RunLimits.threadRange)
    if trace, seed == nil { throw ValidationError("--trace needs --seed.") }
    if trace, json { throw ValidationError("--trace and --json exclude each other.") }
  }

  /// What is reported of a seed; its names are the fields of the JSON.
  struct Report: Encodable {
    let seed: UInt64
    let isGreen: Bool
    let digest: String
    let evaluations: Int
    let quarantined: Int
    let shards: Int
    let computedShards: Int
    let backupLeases: Int
    let utilization: Double
    let messages: Int
    let milliseconds: Int
    let violations: [String]
  }

  func run() throws {
    let range = seeds.flatMap(Self.range) ?? (seed ?? 0)...(seed ?? 0)
    var entries: [Report] = []
    var redCount = 0
    var progress = ProgressLine()
    let blockSize = 8 * (threads ?? AllowedProcessors.current.count)
    for done in stride(from: 0, to: range.count, by: blockSize) {
      let block = range.dropFirst(done).prefix(blockSize)
      for outcome in outcomes(of: Array(block)) {
        redCount += outcome.isGreen ? 0 : 1
        if json { entries += outcome.reports.map(Self.entry) }
        guard !json, !outcome.isGreen || range.count == 1 else { continue }
        for report in outcome.reports { Output.result("\(report)") }
        if !outcome.isGreen, outcome.reports.allSatisfy(\.isGreen) {
          Output.result("  broken: strict runs of one seed have found different things")
        }
      }
      progress.show(done: done + block.count, total: range.count, unit: "seeds")
    }
    progress.finish()
    if json {
      try Output.json(entries)
    } else if range.count > 1 {
      Output.result("\(range.count - redCount) of \(counted(range.count, "seed")) kept every rule")
    }
    if redCount > 0 { throw ExitCode(1) }
  }

  /// What became of one seed.
  private struct Outcome: Sendable {
    let reports: [SimulationReport]
    let isGreen: Bool
  }

  /// Simulates seeds, several at once, and returns what became of them in their order.
  private func outcomes(of seeds: [UInt64]) -> [Outcome] {
    let options = SimulationOptions(
      order: speeds == nil ? nil : .asynchronous, workerCount: workers,
      evaluationCount: evaluations, speeds: speeds.flatMap(Self.speeds))
    let isStrict = strict
    let printLine: @Sendable (String) -> Void = { Output.result($0) }
    let trace = trace ? printLine : nil
    @Sendable func outcome(of seed: UInt64) -> Outcome {
      if isStrict {
        let comparison = StrictComparison(seed: seed, trace: trace)
        return Outcome(reports: comparison.reports, isGreen: comparison.isGreen)
      }
      let report = Simulator.run(seed: seed, options: options, trace: trace)
      return Outcome(reports: [report], isGreen: report.isGreen)
    }
    let next = Mutex(0)
    let outcomes = Mutex<[Int: Outcome]>([:])
    let width = min(seeds.count, threads ?? AllowedProcessors.current.count)
    DispatchQueue.concurrentPerform(iterations: width) { _ in
      while true {
        let place = next.withLock { place in
          defer { place += 1 }
          return place
        }
        guard place < seeds.count else { return }
        let outcome = outcome(of: seeds[place])
        outcomes.withLock { $0[place] = outcome }
      }
    }
    return outcomes.withLock { found in seeds.indices.compactMap { found[$0] } }
  }

  private static func range(_ text: String) -> ClosedRange<UInt64>? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1].isEmpty, let first = UInt64(parts[0]),
      let last = UInt64(parts[2]), first <= last, last - first < 100_000_000
    else { return nil }
    return first...last
  }

  private static func speeds(_ text: String) -> [Int]? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }.filter { (1...1_000).contains($0) }
    return numbers.count == parts.count && numbers.count <= 1_000 ? numbers : nil
  }

  private static func entry(_ report: SimulationReport) -> Report {
    Report(
      seed: report.seed, isGreen: report.isGreen, digest: report.digest.description,
      evaluations: report.evaluationCount, quarantined: report.quarantinedCount,
      shards: report.durableShardCount, computedShards: report.computedShardCount,
      backupLeases: report.counters.backupLeases, utilization: report.utilization,
      messages: report.deliveredCount, milliseconds: report.endTime,
      violations: report.violations)
  }
}
