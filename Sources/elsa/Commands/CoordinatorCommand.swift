import ArgumentParser
import Coordination
import CoordinatorService
import ProcessLimits
import RunFiles
import RunPreparation
import RunReports
import RunStorage
import SparsityCore
import ZeroMQ

/// The process that owns a run.
struct CoordinatorCommand: ParsableCommand, EndsOnRequest, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "coordinator",
    abstract: "Owns a run: hands work to workers and keeps the journal.",
    discussion: """
      Writes connection.json (mode 0600) into the run directory while it runs; workers join with \
      it. Connections are encrypted (CURVE), loopback included, and only holders of a key get in \
      whose public half lies in keys/workers/ of the run directory; the connection file carries \
      one. Removing a file there revokes the key, also of workers that are connected (see elsa \
      keygen).

      SIGTERM or SIGINT ends the coordinator alone, with 11, as soon as its journal is written: \
      workers wait for it and go on when it is started again (--resume). elsa drain lets them \
      leave. A second SIGINT ends it at once, and so does a SIGTERM \
      \(StopSignals.terminationPatience.components.seconds) seconds after the first; until then \
      repeated signals are one.

      Workers that do not see the model, the weight bank and the images under the same paths fetch \
      them from here; --input-rate keeps that from filling a slow network.

      A secret share of all shards is measured a second time by workers of another key \
      (--spot-checks), and one shard of each point on the front before the run is done; where \
      workers have only one key, by a worker that the coordinator starts itself. Results are exact \
      to the bit, so a key whose results differ is named and trusted no more, and what it has \
      delivered is measured again. Give each worker its own key (elsa keygen --workers), so that \
      one of them can be told from the others.

      The same command starts a run or goes on with the one in the run directory, whichever \
      applies, so a batch script needs one line. The directory remembers --bind, --advertise, \
      --write-connection-file and --input-rate for the next start; what is given again replaces \
      it. A run goes on with more search.evaluations or another data.test in its run \
      file; any other difference is refused by name. --resume insists on a run that is there.

      EXAMPLES
        elsa coordinator run.yaml --run-directory my-run --bind 'tcp://*:5555'
        elsa coordinator run.yaml --run-directory my-run --bind 'tcp://*:5555' --key-file lab.key
        elsa coordinator run.yaml --run-directory my-run --bind 'tcp://[::]:5555' \\
          --advertise lab.example.org:30555
        elsa coordinator --run-directory my-run --resume
      """)

  @Argument(help: ArgumentHelp("What to search; not needed with --resume.", valueName: "run.yaml"))
  var runFile: String?

  @Option(help: ArgumentHelp("Where to keep everything about the run.", valueName: "folder"))
  var runDirectory: String

  @Option(
    help: ArgumentHelp(
      "The address to listen on: a name, an interface or an address of this machine, * or [::] "
        + "for all; port * takes a free one (default: that of the last start, or "
        + "\(StartOptions().bind)).", valueName: "endpoint"))
  var bind: String?

  @Option(
    help: ArgumentHelp(
      "What workers connect to instead of this machine's addresses: behind NAT, a Service of "
        + "Kubernetes, or one of several interfaces. May be given more than once.",
      valueName: "host[:port]"))
  var advertise: [String] = []

  @Option(
    help: ArgumentHelp(
      "Write the connection file there, too: a place that workers see while the run directory is "
        + "on a disk of this machine.", valueName: "file"))
  var writeConnectionFile: String?

  @Option(
    help: ArgumentHelp(
      "The mode of that file: 0600, or 0640 for a group that holds all workers.",
      valueName: "mode"))
  var connectionFileMode = "0600"

  @Option(
    help: ArgumentHelp(
      "The coordinator's own key, made by elsa keygen server; it is read at each start and not "
        + "copied (default: a key of the run).",
      valueName: "file.key"))
  var keyFile: String?

  @OptionGroup var plainText: PlainTextOptions

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

  @Option(
    help: ArgumentHelp(
      "The share of shards that are measured again with another key, "
        + "\(OptionRange.text(SpotCheckSettings.shareRange)); 0 turns it off, for the front, too.",
      valueName: "share"))
  var spotChecks = SpotCheckSettings.usualShare

  @Flag(help: "Insist on going on with the run in the run directory.")
  var resume = false

  @Flag(help: .hidden) var local = false
  @Option(help: .hidden) var demoEvaluations: Int?
  @Option(help: .hidden) var demoSeed: UInt64 = 1

  func validate() throws {
    if demoEvaluations == nil { try validateRunFile(runFile, resume: resume) }
    if let expectWorkers, expectWorkers < 1 {
      throw ValidationError("--expect-workers is \(expectWorkers); allowed is 1 or more.")
    }
    guard SpotCheckSettings.shareRange.contains(spotChecks) else {
      throw ValidationError(
        "--spot-checks is \(spotChecks); allowed is "
          + "\(OptionRange.text(SpotCheckSettings.shareRange)).")
    }
    if connectionCopy(to: "") == nil {
      throw ValidationError(
        "--connection-file-mode is \"\(connectionFileMode)\"; allowed are 0400, 0440, 0600 and "
          + "0640, because the file holds a secret key.")
    }
    for text in advertise where AdvertisedAddress(text) == nil {
      throw ValidationError(
        "--advertise is \"\(text)\"; write HOST or HOST:PORT, an IPv6 address in brackets.")
    }
    if plainText.insecurePlainText, keyFile != nil {
      throw ValidationError("\(PlainTextOptions.flag) excludes --key-file.")
    }
  }

  func run() throws {
    let directory = RunDirectory(userPath: runDirectory)
    // What can be refused without the lock is refused before the folder is made.
    let request = try demoEvaluations == nil ? request(directory) : nil
    let locked = try LockedRunDirectory(directory)
    let options = try startOptions(directory)
    _ = try BindAddress(options.bind).resolved()
    let log = PreparationLog(in: directory)
    defer { log.end() }
    let run = try prepared(request, in: locked, log)
    if !run.isNew, !local, !resume { Output.notify("Going on with the run in \(directory.path).") }
    let security = try security(options, directory)
    if !local { try options.write(to: locked) }
    var configuration = CoordinatorConfiguration(
      settings: run.settings, directory: directory, endpoint: options.bind, security: security)
    configuration.lock = locked.lock
    configuration.settings.spotChecks.share = spotChecks
    // Its own worker infers; what a program has measured, only workers with that program can.
    if case .curve = security, local || run.runFile.evaluator == nil {
      configuration.auditor = try auditor(in: directory)
    }
    configuration.advertised = options.advertised.compactMap { AdvertisedAddress($0) }
    configuration.connectionCopy = options.connectionCopy
    configuration.frontInterval = .seconds(10)
    configuration.inputs = run.servedInputs
    configuration.inputBounds.bytesPerSecondMax = options.inputBytesPerSecondMax

    let progress = RunProgressLine(isLocal: local)
    let front = LiveFront(FrontSource(run), in: locked, notified: Output.notify)
    var quarantineSummary: String?
    var observer = CoordinatorObserver()
    observer.started = {
      log.end()
      progress.started($0, directory: directory, settings: run.settings)
    }
    observer.warned = { Output.notify("Warning: \($0)") }
    observer.statusChanged = { progress.show($0) }
    observer.notified = { notification, diagnostic in
      if let diagnostic { progress.notify(notification, diagnostic: diagnostic) }
      front.take(notification)
    }
    observer.stopRequest = { StopSignals.request }
    observer.frontChanged = { machine in
      // Nothing is on the front before the run's arithmetic is known.
      guard machine.numerics != nil else { return }
      let report = try front.write(machine)
      quarantineSummary = report.quarantineSummary
    }
    let outcome = try runCoordinator(configuration, observer: observer)
    progress.finish()
    guard outcome.ending == .completed else {
      // Anyone who has started both roles says what to do next.
      if local { throw ExitCode(.stopped) }
      throw CommandFailure(
        "stopped after "
          + "\(counted(outcome.status.progress.evaluationCount, "evaluation")); nothing is lost"
          + (quarantineSummary.map { "; \($0)" } ?? ""),
        nextStep: "go on with: elsa coordinator --run-directory \(directory.path) --resume",
        status: .stopped)
    }
    if !local {
      let diagnostic = quarantineSummary.map { "; \($0)" } ?? ""
      Output.notify("The search is done\(diagnostic). See: elsa front \(directory.path)")
    }
  }

  /// The coordinator's own key: that of all workers of a run on this machine, or of a worker that
  /// is started when one is needed.
  private func auditor(in directory: RunDirectory) throws -> Auditor {
    if local, let secret = SecretVariable.workerSecretKey.take() {
      return Auditor(keys: try CurveKeyPair(secret: CurveSecretKey(z85: secret)))
    }
    let path = directory.connectionFilePath
    return Auditor(keys: try .generate()) { _, keys in
      try OwnWorker(connectionFile: path, keys: keys)
    }
  }

  /// Reads the run file that was given.
  private func request(_ directory: RunDirectory) throws -> RunRequest {
    do {
      let request = try RunRequest(path: runFile.map(absolutePath), insistsOnRun: resume)
      try request.check(directory)
      return request
    } catch let error as RunFileError {
      throw CommandFailure("\(error)", status: .wrongUsage)
    }
  }

  /// Prepares the run; a request to end drops that.
  private func prepared(
    _ request: RunRequest?, in directory: LockedRunDirectory, _ log: PreparationLog
  ) throws -> PreparedRun {
    let failure = CommandFailure(
      "stopped while the run was prepared; finished layers of the weight bank are kept",
      nextStep: "start it again in the same way", status: .stopped)
    return try Dropping.with(failure) {
      try PreparedRun(
        request ?? demoRequest(directory), in: directory, expectedWorkerCount: expectWorkers,
        cache: StatisticsCacheOptions.usual, observer: log.listening(before: .terminal()))
    }
  }

  /// Writes the files of the demo and returns what to run of them.
  private func demoRequest(_ directory: LockedRunDirectory) throws -> RunRequest {
    let files = try DemoFiles(
      in: directory, evaluations: demoEvaluations ?? 0, seed: demoSeed)
    return try RunRequest(path: files.runFile, insistsOnRun: false)
  }

  private func connectionCopy(to path: String) -> ConnectionCopy? {
    UInt16(connectionFileMode, radix: 8).flatMap { ConnectionCopy(path: path, mode: $0) }
  }

  /// What the directory remembers, with what is given again; on this machine alone, the defaults.
  private func startOptions(_ directory: RunDirectory) throws -> StartOptions {
    if local { return StartOptions() }
    var options = try StartOptions.remembered(in: directory)
    if let bind { options.bind = bind }
    if !advertise.isEmpty { options.advertised = advertise }
    if let writeConnectionFile {
      options.connectionCopy = connectionCopy(to: absolutePath(writeConnectionFile))
    }
    if let keyFile { options.serverKeyFile = absolutePath(keyFile) }
    if let inputRate { options.inputBytesPerSecondMax = inputRate.bytes }
    return options
  }

  private func security(
    _ options: StartOptions, _ directory: RunDirectory
  ) throws -> CoordinatorSecurity {
    guard plainText.insecurePlainText else {
      return .curve(try RunKeys(in: directory, serverKeyFile: options.serverKeyFile))
    }
    Output.notify("Warning: anyone who reaches \(options.bind) can join, read and spoil the run.")
    return .noneBeyondLoopback
  }
}
