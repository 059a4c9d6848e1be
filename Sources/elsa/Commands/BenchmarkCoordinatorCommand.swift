import ArgumentParser
import CoordinatorBenchmarks
import Foundation
import RunStorage

/// The speed of the coordinator when evaluations take no time.
struct BenchmarkCoordinatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator",
    abstract: "Measures how many evaluations a second the coordinator works off.",
    discussion: """
      A real coordinator (sockets, encryption, journal on disk, a random search) serves workers \
      whose evaluations take no time. An evaluation is one journaled shard result. The clock runs \
      from the moment at which all workers have joined. The load runs in processes of its own and \
      shares the machine.

      EXAMPLES
        elsa benchmark coordinator
        elsa benchmark coordinator --workers 1000 --processes 2 --evaluations 200000 --json
      """)

  @Option(help: "The workers, one slot each.")
  var workers = 64

  @Option(help: "The evaluations of the run.")
  var evaluations = 50_000

  @Option(help: "The processes that the workers are spread over.")
  var processes = 1

  @Option(help: ArgumentHelp("Whether connections are encrypted.", valueName: "curve|none"))
  var security = Security.curve

  @Option(
    help: ArgumentHelp(
      "Where the journal lies meanwhile (default: the system's temporary folder).",
      valueName: "directory"))
  var directory: String?

  @Flag(help: "Print JSON.")
  var json = false

  /// Whether connections are encrypted.
  enum Security: String, CaseIterable, ExpressibleByArgument {
    case curve
    case none
  }

  func validate() throws {
    try BenchmarkOptions.check("--workers", workers, in: 1...100_000)
    try BenchmarkOptions.check("--evaluations", evaluations, in: 100...10_000_000)
    try BenchmarkOptions.check("--processes", processes, in: 1...min(workers, 64))
  }

  /// What was measured; its names are the fields of the JSON.
  struct Report: Encodable {
    let evaluationsPerSecond: Double
    let evaluations: Int
    let workers: Int
    let security: String
    let journaled: Bool
    let registrationSeconds: Double
    let coordinatorMemoryBytes: Int
    let journalBytes: Int
    let commits: Int

    /// Creates the report of a measurement.
    init(_ measurement: CoordinatorMeasurement) {
      evaluationsPerSecond = measurement.evaluationsPerSecond
      evaluations = measurement.evaluationCount
      workers = measurement.workerCount
      security = (measurement.isEncrypted ? Security.curve : .none).rawValue
      journaled = measurement.journalBytes > 0
      registrationSeconds = measurement.registrationSeconds
      coordinatorMemoryBytes = measurement.coordinatorMemoryBytes
      journalBytes = measurement.journalBytes
      commits = measurement.commitCount
    }
  }

  func run() throws {
    let base = directory ?? FileManager.default.temporaryDirectory.path
    let folder = URL(filePath: base).appending(path: "elsa-benchmark-\(UUID().uuidString)").path
    defer { Self.remove(folder) }
    let benchmark = CoordinatorBenchmark(
      workerCount: workers, evaluationCount: evaluations, isEncrypted: security == .curve,
      directory: RunDirectory(path: folder))
    let loads = LoadProcesses()
    defer { loads.finish() }
    var line = ProgressLine()
    let report = Report(
      try benchmark.measure(
        startLoad: { loads.start(workers: workers, processes: processes, connectionFile: $0) },
        isLoadAlive: { loads.isAlive },
        progress: { line.show(done: $0, total: evaluations, unit: "evaluations") }))
    line.finish()
    if let failure = loads.failure { throw failure }
    if json { return try Output.json(report) }
    show(report)
  }

  private func show(_ report: Report) {
    let perEvaluation = report.journalBytes / report.evaluations
    Output.result(
      "\(NumberFormat.grouped(Int(report.evaluationsPerSecond))) evaluations/s with "
        + "\(report.workers) workers, \(report.security), journaled")
    Output.result("  workers joined in \(NumberFormat.fixed(report.registrationSeconds, 2)) s")
    Output.result(
      "  coordinator \(NumberFormat.bytes(report.coordinatorMemoryBytes)), journal "
        + "\(NumberFormat.bytes(report.journalBytes)) (\(perEvaluation) B an evaluation) in "
        + "\(report.commits) commits")
  }

  private static func remove(_ folder: String) {
    do {
      try FileManager.default.removeItem(atPath: folder)
    } catch {
      Output.note("\(folder) is left behind: \(error.localizedDescription)")
    }
  }
}

/// The processes of a load.
private final class LoadProcesses {
  private var processes: [ChildProcess] = []
  /// Why a process could not be started.
  private(set) var failure: (any Error)?

  /// Whether no process has ended, or the first is still to be started.
  var isAlive: Bool { failure == nil && processes.allSatisfy(\.isRunning) }

  /// Starts the processes.
  func start(workers: Int, processes count: Int, connectionFile: String) {
    do {
      for index in 0..<count {
        let share = workers * (index + 1) / count - workers * index / count
        processes.append(
          try ChildProcess(
            role: "load \(index + 1)",
            arguments: [
              "benchmark", "coordinator-load", "--connection-file", connectionFile, "--workers",
              "\(share)",
            ]))
      }
    } catch {
      failure = error
    }
  }

  /// Waits for the end of all processes.
  func finish() {
    for process in processes { process.finish(patience: .seconds(10)) }
  }
}

/// The workers of ``BenchmarkCoordinatorCommand``, in a process of their own.
struct BenchmarkCoordinatorLoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator-load",
    abstract: "Brings the workers of elsa benchmark coordinator; started by it.",
    discussion: """
      EXAMPLE
        elsa benchmark coordinator-load --connection-file run/connection.json --workers 64
      """,
    shouldDisplay: false)

  @Option(help: ArgumentHelp("The connection.json of the benchmark.", valueName: "file"))
  var connectionFile: String

  @Option(help: "The workers, one slot each.")
  var workers: Int

  func validate() throws {
    try BenchmarkOptions.check("--workers", workers, in: 1...100_000)
  }

  func run() throws {
    var load = try CoordinatorLoad(connectionFile: connectionFile, count: workers)
    try load.run()
  }
}
