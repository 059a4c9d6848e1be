import ArgumentParser
import Coordination
import CoordinatorService
import RunStorage
import SparsityCore

/// The process that owns a run.
struct CoordinatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator",
    abstract: "Owns a run: hands work to workers and keeps the journal.",
    discussion: """
      Writes connection.json (mode 0600) into the run directory while it runs; workers join with \
      it. Beyond loopback the connection is encrypted (CURVE) and only holders of a key get in \
      whose public half lies in keys/workers/ of the run directory; the connection file carries \
      one. Removing a file there revokes the key, also of workers that are connected (see elsa \
      keygen).

      Workers that do not see the model, the weight bank and the images under the same paths fetch \
      them from here; --input-rate keeps that from filling a slow network.

      EXAMPLES
        elsa coordinator run.yaml --run-directory my-run --bind 'tcp://*:5555'
        elsa coordinator run.yaml --run-directory my-run --bind 'tcp://*:5555' --key-file lab.key
        elsa coordinator --run-directory my-run --resume
      """)

  @Argument(help: ArgumentHelp("What to search; not given with --resume.", valueName: "run.yaml"))
  var runFile: String?

  @Option(help: ArgumentHelp("Where to keep everything about the run.", valueName: "folder"))
  var runDirectory: String

  @Option(
    help: ArgumentHelp("The address to listen on; port * takes a free one.", valueName: "endpoint"))
  var bind = "tcp://127.0.0.1:*"

  @Flag(help: "Encrypt and admit by key on loopback, too.")
  var encrypt = false

  @Option(
    help: ArgumentHelp(
      "The coordinator's own key, made by elsa keygen server (default: a key of the run).",
      valueName: "file.key"))
  var keyFile: String?

  @Flag(
    help: ArgumentHelp(
      "No encryption and no keys beyond loopback: whoever reaches the port can join, read and "
        + "spoil the run."))
  var letAnybodyIn = false

  @Option(
    help: ArgumentHelp(
      "The most bytes a second that workers are sent inputs with, as in 50M (default: any).",
      valueName: "bytes"))
  var inputRate: ByteCount?

  @Option(
    help: ArgumentHelp(
      "How many workers will join: what the run file leaves open of precision and instructionSet "
        + "is chosen when so many have (default: \(NumericsWindow.usualWorkerCountMax), or "
        + "\(NumericsWindow.usualDuration.components.seconds) seconds after the first).",
      valueName: "number"))
  var expectWorkers: Int?

  @Flag(help: "Go on with the run in the run directory.")
  var resume = false

  @Flag(help: .hidden) var local = false

  func validate() throws {
    try validateRunFile(runFile, resume: resume)
    if let expectWorkers, expectWorkers < 1 {
      throw ValidationError("--expect-workers is \(expectWorkers); allowed is 1 or more.")
    }
    if letAnybodyIn, encrypt || keyFile != nil {
      throw ValidationError("--let-anybody-in excludes --encrypt and --key-file.")
    }
  }

  func run() throws {
    StopFlag.install()
    let directory = RunDirectory(userPath: runDirectory)
    PreparationLog.shared.begin(in: directory)
    defer { PreparationLog.shared.end() }
    let run = try PreparedRun(
      runFilePath: runFile, directory: directory,
      identity: resume ? JournaledFront.identity(in: directory) : nil,
      expectedWorkerCount: expectWorkers)
    let security = try security(directory)
    var configuration = CoordinatorConfiguration(
      settings: run.settings, directory: directory, endpoint: bind, security: security)
    configuration.frontInterval = .seconds(10)
    configuration.inputs = run.servedInputs
    configuration.inputBounds.bytesPerSecondMax = inputRate?.bytes

    let progress = RunProgress(isLocal: local)
    var front: FrontBuilder?
    var observer = CoordinatorObserver()
    observer.started = {
      PreparationLog.shared.end()
      progress.started($0, directory: directory, settings: run.settings)
    }
    observer.warned = { Output.note("Warning: \($0)") }
    observer.statusChanged = { progress.show($0) }
    observer.noted = { progress.note($0, words: $1) }
    observer.stopRequestCount = { StopFlag.requestCount }
    observer.frontChanged = { machine in
      // Nothing is on the front before the run's arithmetic is known.
      guard machine.numerics != nil else { return }
      var builder =
        front ?? FrontBuilder(run.frontSource.describing(machine.settings.description))
      builder.add(try JournalReader(of: directory).records(from: builder.recordCount))
      front = builder
      try directory.write(builder.report.encoded(), to: directory.front)
    }
    let outcome = try runCoordinator(configuration, observer: observer)
    progress.finish()
    guard outcome.ending == .completed else {
      throw CommandFailure(
        "stopped after "
          + "\(counted(outcome.status.progress.evaluationCount, "evaluation")); nothing is lost",
        nextStep: "go on with: elsa coordinator --run-directory \(directory.path) --resume")
    }
    if !local {
      Output.note("The search is done. See: elsa front \(directory.path)")
    }
  }

  private func security(_ directory: RunDirectory) throws -> CoordinatorSecurity {
    let isLoopback = try BindAddress(bind).isLoopback
    if letAnybodyIn {
      if !isLoopback { Output.note("Warning: whoever reaches \(bind) can join and spoil the run.") }
      return .noneBeyondLoopback
    }
    guard encrypt || keyFile != nil || !isLoopback else { return .none }
    return .curve(try RunKeys(in: directory, serverKeyFile: keyFile.map(absolutePath)))
  }
}
