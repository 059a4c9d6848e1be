import ArgumentParser
import Simulation

/// The coordinator and its workers through faults, in virtual time.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Runs coordinator and workers through simulated faults.",
    discussion: """
      Each seed draws a small run and a plan of faults: messages lost, repeated and delayed, \
      groups of workers cut off, clogged links, clocks that jump, workers that crash, hang, leave \
      in time or for good, compute wrongly or lose their key, a coordinator that dies, a slow, \
      full or failing disk. Rules are checked after every step. Equal seeds give equal digests, \
      on any machine. Ends with 1 if a rule was broken.

      With --speeds nothing goes wrong, and the utilization tells how busy uneven workers are kept.

      EXAMPLES
        elsa simulate --seed 42 --trace
        elsa simulate --seeds 0..499
        elsa simulate --seed 7 --workers 10000
        elsa simulate --seed 1 --speeds 1:1:1:2:2:4:4:8 --evaluations 300
      """)

  @Option(help: "The seed to simulate.")
  var seed: UInt64?

  @Option(help: ArgumentHelp("The first and the last of several seeds.", valueName: "A..B"))
  var seeds: String?

  @Option(help: "The workers (default: as the seed wants, mostly 1…6, rarely 10000).")
  var workers: Int?

  @Option(help: "The candidates that may be born (default: as the seed wants, up to 100).")
  var evaluations: Int?

  @Option(
    help: ArgumentHelp(
      "The relative speeds of workers without faults; the run is asynchronous.",
      valueName: "a:b:…"))
  var speeds: String?

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
    if let workers, !(1...20_000).contains(workers) {
      throw ValidationError("--workers is \(workers); allowed is 1…20000.")
    }
    if let evaluations, !(1...100_000).contains(evaluations) {
      throw ValidationError("--evaluations is \(evaluations); allowed is 1…100000.")
    }
    if let speeds, Self.speeds(speeds) == nil {
      throw ValidationError(
        "--speeds is \"\(speeds)\"; write a number from 1 to 1000 for each worker, as in 1:2:4.")
    }
    if speeds != nil, workers != nil {
      throw ValidationError("--speeds has a number for each worker; leave --workers out.")
    }
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
    let options = SimulationOptions(
      order: speeds == nil ? nil : .asynchronous, workerCount: workers,
      evaluationCount: evaluations, speeds: speeds.flatMap(Self.speeds))
    let range = seeds.flatMap(Self.range) ?? (seed ?? 0)...(seed ?? 0)
    var reports: [Report] = []
    var redCount = 0
    var progress = ProgressLine()
    for (index, seed) in range.enumerated() {
      let report =
        trace
        ? Simulator.run(seed: seed, options: options, trace: { Output.result($0) })
        : Simulator.run(seed: seed, options: options)
      if !report.isGreen { redCount += 1 }
      if json { reports.append(Self.entry(report)) }
      if !json, !report.isGreen || range.count == 1 { Output.result("\(report)") }
      progress.show(done: index + 1, total: range.count, unit: "seeds")
    }
    progress.finish()
    if json {
      try Output.json(reports)
    } else if range.count > 1 {
      Output.result("\(range.count - redCount) of \(range.count) seeds kept every rule")
    }
    if redCount > 0 { throw ExitCode(1) }
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
