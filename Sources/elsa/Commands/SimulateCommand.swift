import ArgumentParser
import Simulation

/// The coordinator and its workers through faults, in virtual time.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Runs coordinator and workers through simulated faults.",
    discussion: """
      Each seed draws a small run and a plan of faults: messages lost, repeated and delayed, \
      workers that crash or leave for good, a coordinator that dies, a slow or failing disk. Rules \
      are checked after every step. Equal seeds give equal digests, on any machine. Ends with 1 if \
      a rule was broken.

      EXAMPLES
        elsa simulate --seed 42 --trace
        elsa simulate --seeds 0..499
      """)

  @Option(help: "The seed to simulate.")
  var seed: UInt64?

  @Option(help: ArgumentHelp("The first and the last of several seeds.", valueName: "A..B"))
  var seeds: String?

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
    let messages: Int
    let milliseconds: Int
    let violations: [String]
  }

  func run() throws {
    let range = seeds.flatMap(Self.range) ?? (seed ?? 0)...(seed ?? 0)
    var reports: [Report] = []
    var redCount = 0
    var progress = ProgressLine()
    for (index, seed) in range.enumerated() {
      let report =
        trace
        ? Simulator.run(seed: seed, trace: { Output.result($0) }) : Simulator.run(seed: seed)
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

  private static func entry(_ report: SimulationReport) -> Report {
    Report(
      seed: report.seed, isGreen: report.isGreen, digest: report.digest.description,
      evaluations: report.evaluationCount, quarantined: report.quarantinedCount,
      shards: report.durableShardCount, computedShards: report.computedShardCount,
      messages: report.deliveredCount, milliseconds: report.endTime,
      violations: report.violations)
  }
}
