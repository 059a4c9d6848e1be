import ArgumentParser
import CoordinatorBenchmarks
import Foundation
import RunStorage
import SparsityCore
import TextReports

/// The speed of the coordinator when evaluations take no time.
struct BenchmarkCoordinatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator",
    abstract: "Measures how many evaluations a second the coordinator works off.",
    discussion: """
      A real coordinator (sockets, encryption, journal on disk, a random search) serves workers \
      whose evaluations take no time. An evaluation is one journaled shard result. The clock runs \
      from the moment at which all workers have joined. The load runs in processes of its own and \
      shares the machine. With --fetchers, other workers fetch the run's inputs meanwhile, each on \
      its own; choose --evaluations so that the run outlasts them.

      --utilisation measures something else: eight worker processes of the speeds \
      1:1:1:2:2:4:4:8, whose evaluations take 400 ms at speed 1, and the share of their time that \
      they evaluate. --replay adds how long restarts take, by the clock and in processor \
      time: one that reads all records of the journal, and one from the journal's snapshot, as a \
      resumed run does; and what the snapshot costs. The check of the file's structure comes \
      before the first and runs beside a run that is resumed from a snapshot. It also measures \
      the commands that read the journal, each in a process of its own with its memory: front, \
      status without a coordinator, and the way into --resume.

      EXAMPLES
        elsa benchmark coordinator
        elsa benchmark coordinator --utilisation
        elsa benchmark coordinator --evaluations 1000000 --replay
        elsa benchmark coordinator --workers 1000 --processes 2 --evaluations 200000 --json
        elsa benchmark coordinator --fetchers 8 --input-size 256M
      """)

  @Option(help: "The workers, one slot each (default: 64, with --utilisation 8).")
  var workers: Int?

  @Option(help: "The evaluations of the run (default: 50000, with --utilisation 1800).")
  var evaluations: Int?

  @Option(help: "The processes that the workers are spread over.")
  var processes = 1

  @Option(help: ArgumentHelp("Whether connections are encrypted.", valueName: "curve|none"))
  var security = Security.curve

  @Option(help: "Workers that fetch the run's inputs meanwhile.")
  var fetchers = 0

  @Option(help: ArgumentHelp("The size of what each of them fetches.", valueName: "bytes"))
  var inputSize = ByteCount(bytes: 1 << 30)

  @Option(
    help: ArgumentHelp(
      "Where the journal lies meanwhile (default: the system's temporary folder).",
      valueName: "directory"))
  var directory: String?

  @Flag(help: "Measure the share of their time that uneven workers evaluate.")
  var utilisation = false

  @Flag(help: "Measure restarts from the journal, too.")
  var replay = false

  @Flag(help: "Print JSON.")
  var json = false

  /// The speeds of the workers of --utilisation.
  static let speeds = [1, 1, 1, 2, 2, 4, 4, 8]

  private var workerCount: Int { utilisation ? Self.speeds.count : workers ?? 64 }
  private var evaluationCount: Int { evaluations ?? (utilisation ? 1_800 : 50_000) }

  /// Whether connections are encrypted.
  enum Security: String, CaseIterable, ExpressibleByArgument {
    case curve
    case none
  }

  func validate() throws {
    if utilisation, workers != nil || processes != 1 {
      throw ValidationError("--utilisation has workers and processes of its own.")
    }
    try OptionRange.check("--workers", workerCount, in: 1...100_000)
    try OptionRange.check(
      "--evaluations", evaluationCount, in: 100...RunLimits.evaluationRange.upperBound)
    try OptionRange.check("--processes", processes, in: 1...min(workerCount, 64))
    try OptionRange.check("--fetchers", fetchers, in: 0...256)
    if utilisation, fetchers > 0 {
      throw ValidationError("--utilisation excludes --fetchers.")
    }
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
    /// What the fetching workers have received together, a second; absent without any.
    var inputBytesPerSecond: Double?
    /// The share of the workers' time that evaluations took; with --utilisation.
    var utilisation: Double?
    /// The seconds that a restart takes which reads all records; with --replay, as those below.
    var replaySeconds: Double?
    /// The processor time within it.
    var replayProcessorSeconds: Double?
    /// The records that it reads.
    var replayRecords: Int?
    /// The seconds in which the structure of the file is checked.
    var checkSeconds: Double?
    /// The seconds that a restart from the snapshot takes; absent without a snapshot, as are those
    /// below.
    var resumeSeconds: Double?
    /// The processor time within it.
    var resumeProcessorSeconds: Double?
    /// The records that the snapshot stands for.
    var snapshotRecords: Int?
    /// The size of the snapshot.
    var snapshotBytes: Int?
    /// How long the coordinator stands still for a snapshot.
    var snapshotStallSeconds: Double?
    /// How long encoding and writing a snapshot takes on the journal's thread.
    var snapshotWriteSeconds: Double?
    /// What commands take that read the journal; with --replay.
    var commands: [ReplayCommands.Report]?

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

    /// Takes over what restarts cost.
    mutating func add(_ replay: ReplayMeasurement) {
      replaySeconds = replay.replay.seconds
      replayProcessorSeconds = replay.replay.processorSeconds
      replayRecords = replay.recordCount
      checkSeconds = replay.check.seconds
      guard let snapshot = replay.snapshot else { return }
      resumeSeconds = snapshot.resume.seconds
      resumeProcessorSeconds = snapshot.resume.processorSeconds
      snapshotRecords = snapshot.recordCount
      snapshotBytes = snapshot.bytes
      snapshotStallSeconds = snapshot.stall.seconds
      snapshotWriteSeconds = snapshot.writing.seconds
    }
  }

  func run() throws {
    let base = directory ?? FileManager.default.temporaryDirectory.path
    let folder = URL(filePath: base).appending(path: "elsa-benchmark-\(UUID().uuidString)").path
    defer { Self.remove(folder) }
    var benchmark = CoordinatorBenchmark(
      workerCount: workerCount, evaluationCount: evaluationCount, isEncrypted: security == .curve,
      directory: RunDirectory(path: folder))
    if fetchers > 0 {
      benchmark.inputs = try InputLoad.writeInputs(
        modelSize: inputSize.bytes, to: "\(folder)-inputs")
    }
    defer { if fetchers > 0 { Self.remove("\(folder)-inputs") } }
    let loads = LoadProcesses()
    defer { loads.finish() }
    var line = ProgressLine()
    let measurement = try benchmark.measure(
      startLoad: { file in
        if utilisation {
          loads.startThrottled(speeds: Self.speeds, connectionFile: file)
        } else {
          loads.start(workers: workerCount, processes: processes, connectionFile: file)
        }
        if fetchers > 0 {
          loads.startFetching(fetchers, connectionFile: file, folder: "\(folder)-inputs")
        }
      },
      isLoadAlive: { loads.isAlive },
      progress: { line.show(done: $0, total: evaluationCount, unit: "evaluations") })
    line.finish()
    loads.finish()
    var report = Report(measurement)
    if utilisation { report.utilisation = measurement.utilisation }
    if replay {
      report.add(try benchmark.measureReplay())
      report.commands = try ReplayCommands(
        directory: RunDirectory(path: folder), evaluations: evaluationCount
      ).measure()
    }
    if let failure = loads.failure { throw failure }
    if fetchers > 0 {
      report.inputBytesPerSecond = try loads.fetchRate(
        bytes: fetchers * inputSize.bytes, folder: "\(folder)-inputs")
    }
    if json { return try Output.json(report) }
    show(report)
  }

  private func show(_ report: Report) {
    let perEvaluation = report.journalBytes / report.evaluations
    Output.result(
      "\(NumberFormat.grouped(Int(report.evaluationsPerSecond))) evaluations/s with "
        + "\(counted(report.workers, "worker")), \(report.security), journaled")
    Output.result("  workers joined in \(NumberFormat.fixed(report.registrationSeconds, 2)) s")
    Output.result(
      "  coordinator \(NumberFormat.bytes(report.coordinatorMemoryBytes)), journal "
        + "\(NumberFormat.bytes(report.journalBytes)) (\(perEvaluation) B an evaluation) in "
        + "\(counted(report.commits, "commit"))")
    if let rate = report.inputBytesPerSecond {
      Output.result(
        "  meanwhile \(counted(fetchers, "worker")) fetched "
          + "\(NumberFormat.bytes(inputSize.bytes)) each, "
          + "\(NumberFormat.bytes(Int(rate)))/s together")
    }
    if let utilisation = report.utilisation {
      Output.result("  \(NumberFormat.percent(utilisation)) of the workers' time is evaluation")
    }
    showReplay(report)
    for command in report.commands ?? [] {
      Output.result(
        "  \(command.command) takes \(NumberFormat.fixed(command.seconds, 2)) s "
          + "(\(NumberFormat.fixed(command.processorSeconds, 2)) s of processor time) and "
          + NumberFormat.bytes(command.memoryBytes))
    }
  }

  private func showReplay(_ report: Report) {
    guard let records = report.replayRecords, let seconds = report.replaySeconds,
      let processor = report.replayProcessorSeconds, let check = report.checkSeconds
    else { return }
    Output.result(
      "  the journal's file is checked in \(NumberFormat.fixed(check, 2)) s; reading all "
        + "\(NumberFormat.grouped(records)) records takes \(NumberFormat.fixed(seconds, 1)) s "
        + "(\(NumberFormat.fixed(processor, 1)) s of processor time)")
    guard let covered = report.snapshotRecords, let bytes = report.snapshotBytes,
      let resume = report.resumeSeconds, let resumeProcessor = report.resumeProcessorSeconds,
      let stall = report.snapshotStallSeconds, let writing = report.snapshotWriteSeconds
    else {
      Output.result("  the run was too short for a snapshot")
      return
    }
    Output.result(
      "  from the snapshot of \(NumberFormat.grouped(covered)) records and the "
        + "\(NumberFormat.grouped(records - covered)) after it a restart takes "
        + "\(NumberFormat.fixed(resume, 2)) s "
        + "(\(NumberFormat.fixed(resumeProcessor, 2)) s of processor time)")
    Output.result(
      "  the snapshot has \(NumberFormat.bytes(bytes)); taking one stops the coordinator for "
        + "\(NumberFormat.fixed(stall * 1e3, 2)) ms, writing it the journal for "
        + "\(NumberFormat.fixed(writing * 1e3, 0)) ms")
  }

  private static func remove(_ folder: String) {
    do {
      try FileManager.default.removeItem(atPath: folder)
    } catch {
      Output.notify("\(folder) is left behind: \(error.localizedDescription)")
    }
  }
}

/// The processes of a load.
private final class LoadProcesses {
  private var processes: [ChildProcess] = []
  private var fetching: ChildProcess?
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

  /// Starts a process whose workers fetch inputs.
  func startFetching(_ count: Int, connectionFile: String, folder: String) {
    do {
      fetching = try ChildProcess(
        role: "fetching load",
        arguments: [
          "benchmark", "input-load", "--connection-file", connectionFile, "--fetchers", "\(count)",
          "--folder", folder,
        ])
    } catch {
      failure = error
    }
  }

  /// Starts a process for each speed, whose evaluations take the longer the slower it is.
  func startThrottled(speeds: [Int], connectionFile: String) {
    do {
      for (index, speed) in speeds.enumerated() {
        let delay = Int(ThrottledWorker.unitDelay / .milliseconds(1)) / speed
        processes.append(
          try ChildProcess(
            role: "worker \(index + 1)",
            arguments: [
              "benchmark", "coordinator-load", "--connection-file", connectionFile, "--workers",
              "1", "--delay-milliseconds", "\(delay)",
            ]))
      }
    } catch {
      failure = error
    }
  }

  /// Returns the bytes a second that the fetching process has found, or throws if it has failed.
  func fetchRate(bytes: Int, folder: String) throws -> Double {
    let path = BenchmarkInputLoadCommand.resultPath(in: folder)
    let text = FileManager.default.contents(atPath: path).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard let seconds = text.flatMap({ Double($0) }), seconds > 0 else {
      throw CommandFailure(
        "the run was over before the inputs were fetched",
        nextStep: "choose more --evaluations or a smaller --input-size")
    }
    return Double(bytes) / seconds
  }

  /// Waits for the end of all processes.
  func finish() {
    for process in processes { process.finish(patience: .seconds(10)) }
    fetching?.finish(patience: .seconds(10))
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

  @Option(help: "Bring one real worker instead, whose evaluations take so long.")
  var delayMilliseconds: Int?

  func validate() throws {
    try OptionRange.check("--workers", workers, in: 1...100_000)
    if let delayMilliseconds {
      try OptionRange.check("--delay-milliseconds", delayMilliseconds, in: 1...100_000)
    }
  }

  func run() throws {
    if let delayMilliseconds {
      try ThrottledWorker(
        connectionFile: connectionFile, delay: .milliseconds(delayMilliseconds)
      ).run()
      return
    }
    var load = try CoordinatorLoad(connectionFile: connectionFile, count: workers)
    try load.run()
  }
}
