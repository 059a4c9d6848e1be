import ArgumentParser
import Coordination
import Evaluation
import ExternalEvaluation
import Foundation
import ProcessLimits
import ProgramVersion
import RunPreparation
import RunStorage
import SparsityCore
import WorkerService
import ZeroMQ

/// A process that evaluates candidates for a coordinator.
struct WorkerCommand: ParsableCommand, EndsOnRequest, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Joins a run and evaluates candidates until the run is done.",
    discussion: """
      Workers may join and leave at any time. SIGTERM and SIGINT let a worker finish or hand back \
      what it holds and leave, with 10. A second SIGINT ends it at once, and so does a SIGTERM \
      \(StopSignals.terminationPatience.components.seconds) seconds after the first; until then \
      repeated signals are one. A worker whose coordinator has ended waits for the next one.

      It ends with 0 when the run is finished, 3 if the coordinator refuses it, 10 if it has left \
      and the run goes on, 1 if it cannot take part or finds no coordinator.

      Model, weight bank and images are read from the paths that the coordinator names if this \
      machine has the same content there (a shared file system), else from the cache, else they \
      are fetched from the coordinator and kept in the cache. So a worker needs an address and \
      keys, nothing else; one that is killed while it fetches goes on where it was.

      Connections are encrypted: use the coordinator's connection file, or give --server-key and \
      --key-file (see elsa keygen). Instead of --key-file the secret key may come in the \
      environment variable ELSA_WORKER_SECRET_KEY. Without either, the connection file's own key \
      is used.

      One process serves a whole machine: with --slots it evaluates several shards at once, each \
      on its share of the threads, and all of them use the same model and weight bank. Many cores \
      are busier that way, since a single shard has only so many images.

      A worker that knows when its job ends tells the coordinator, gets no work that it cannot \
      finish, and has left a second before. It knows from --end-time, from SLURM_JOB_END_TIME or, \
      in a Slurm job without it, from scontrol and squeue, and says so when it starts.

      With --evaluator a program of yours measures accuracy: PyTorch on a GPU, a board, a \
      simulator. It reads requests and writes results, a JSON object a line. One that dies or \
      hangs is started again; one that does so again and again ends the worker.

      EXAMPLES
        elsa worker --connection-file my-run/connection.json
        elsa worker --connection-file my-run/connection.json --evaluator 'python3 my_eval.py'
        elsa worker --connection-file my-run/connection.json --threads 64 --slots 8
        elsa worker --connect tcp://lab:5555 --server-key lab.pub --key-file node07.key
        elsa worker --connection-file connection.json --cache-directory /scratch/elsa
      """)

  @Option(help: ArgumentHelp("The connection.json of the run directory.", valueName: "file"))
  var connectionFile: String?

  @Option(help: ArgumentHelp("The coordinator's address.", valueName: "endpoint"))
  var connect: String?

  // A key in Z85 may begin with a dash.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The coordinator's public key: 40 characters (Z85), or its file.", valueName: "key|file.pub"))
  var serverKey: String?

  @Option(help: ArgumentHelp("The worker's own key, made by elsa keygen.", valueName: "file.key"))
  var keyFile: String?

  @OptionGroup var plainText: PlainTextOptions

  @OptionGroup var inputs: InputCacheOptions

  @OptionGroup var evaluator: EvaluatorOptions

  @Option(
    help: ArgumentHelp(
      "The evaluation threads, \(OptionRange.text(RunLimits.threadRange)) (default: one for each "
        + "core that it may use)."))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "The shards that are evaluated at once, \(OptionRange.text(RunLimits.slotRange)); they share "
        + "threads, model and bank."))
  var slots = 1

  @Option(
    help: """
      The name that logs and journal show, \
      \(OptionRange.text(RunLimits.labelSizeRange)) bytes (default: host and process).
      """)
  var name: String?

  @Option(help: ArgumentHelp("The silence after which the worker gives up.", valueName: "seconds"))
  var giveUpAfter = 600

  @Option(
    help: ArgumentHelp(
      "When the process will be ended: seconds since 1970, or as 2026-11-21T17:10:00Z, without "
        + "Z in local time (default: what Slurm says).", valueName: "time"))
  var endTime: EndTime?

  @Option(
    help: ArgumentHelp("Leave after so long without work (default: never).", valueName: "seconds"))
  var idleTimeout: Int?

  @Option(help: ArgumentHelp("Add a line to this file for each computed shard.", valueName: "file"))
  var counters: String?

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func validate() throws {
    guard (connectionFile == nil) != (connect == nil) else {
      throw ValidationError("Give either --connection-file or --connect.")
    }
    if serverKey != nil, connect == nil {
      throw ValidationError("--server-key belongs to --connect; a connection file has its own.")
    }
    if keyFile != nil, connect != nil, serverKey == nil {
      throw ValidationError("--key-file with --connect needs --server-key, too.")
    }
    try validateSecurity()
    try OptionRange.check("--threads", threads, in: RunLimits.threadRange)
    try OptionRange.check("--slots", slots, in: RunLimits.slotRange)
    if let name, !WorkerSettings.isLabel(name) {
      throw ValidationError(
        "--name is \"\(name)\"; write \(OptionRange.text(RunLimits.labelSizeRange)) bytes "
          + "without line breaks and other control characters.")
    }
    if let threads, threads < slots {
      throw ValidationError(
        "--threads is \(threads), less than one for each of --slots \(slots).")
    }
    try OptionRange.check(
      "--give-up-after (seconds)", giveUpAfter, in: RunLimits.giveUpSecondRange)
    try OptionRange.check("--idle-timeout (seconds)", idleTimeout, in: RunLimits.idleSecondRange)
  }

  private func validateSecurity() throws {
    let flag = PlainTextOptions.flag
    if plainText.insecurePlainText {
      guard serverKey == nil, keyFile == nil else {
        throw ValidationError("\(flag) excludes --server-key and --key-file.")
      }
    } else if let connect, serverKey == nil {
      throw ValidationError(
        "--connect \(connect) needs --server-key and --key-file: without them anybody could be the "
          + "coordinator. Only one that was started with \(flag) can do without, and then this "
          + "worker must be told so, too.")
    }
  }

  func run() throws {
    let slots = slots
    let threads = threads ?? max(slots, AllowedProcessors.current.count)
    var settings = WorkerSettings.newSession(
      label: name
        ?? WorkerSettings.usualLabel(
          host: ProcessInfo.processInfo.hostName, processID: getpid()), build: ProgramVersion.text,
      slots: slots)
    settings.giveUpTimeout = .seconds(giveUpAfter)
    settings.idleTimeout = idleTimeout.map { .seconds($0) }
    var configuration = WorkerConfiguration(
      connection: try connectionSource(), settings: settings, counterPath: counters)
    configuration.allowsPlainText = plainText.insecurePlainText
    let end = try KnownEnd(option: endTime, environment: ProcessInfo.processInfo.environment)
    if let diagnostic = end.diagnostic, !quiet { Output.notify(diagnostic) }
    configuration.endsAt = end.time?.instant(at: ContinuousClock().now, date: Date())
    var observer = WorkerObserver()
    let isQuiet = quiet
    observer.notified = { _, diagnostic in if !isQuiet { Output.notifyStamped(diagnostic) } }
    observer.troubled = { Output.notifyStamped($0) }
    observer.stopRequest = { StopSignals.request }
    let inputs = inputs.settings(isQuiet: quiet)
    let factory =
      if let command = evaluator.evaluator {
        EvaluatorFactory.program(command, inputs: inputs, limits: evaluator.limits) {
          Output.notifyStamped($0)
        }
      } else {
        EvaluatorFactory.inference(inputs: inputs, threads: threads, slots: slots) {
          if !isQuiet { Output.notifyStamped($0) }
        }
      }
    let outcome = try runWorker(configuration, observer: observer, factories: [factory])
    guard let status = outcome.status else {
      Output.notifyStamped(outcome.diagnostic)
      StopSignals.endBySignal()
    }
    guard outcome.isSuccess else { throw CommandFailure(outcome.diagnostic, status: status) }
    if !quiet {
      Output.notifyStamped(
        "\(outcome.diagnostic); \(counted(outcome.shardCount, "shard")) computed")
    }
    if status != .done { throw ExitCode(status) }
  }

  private func connectionSource() throws -> ConnectionSource {
    // Taken whether it is used or not.
    let secret = SecretVariable.workerSecretKey.take()
    if let connectionFile {
      let pair =
        try keyFile.map(Self.pair)
        ?? secret.map { try CurveKeyPair(secret: CurveSecretKey(z85: $0)) }
      return .file(path: absolutePath(connectionFile), worker: pair)
    }
    guard let connect else { preconditionFailure("validated") }
    guard let serverKey else { return .fixed(WorkerConnection(endpoints: [connect], keys: nil)) }
    let keys = WorkerConnection.Keys(
      worker: try ownKeys(secret), server: try Self.serverKey(serverKey))
    return .fixed(WorkerConnection(endpoints: [connect], keys: keys))
  }

  private func ownKeys(_ given: String?) throws -> CurveKeyPair {
    if let keyFile { return try Self.pair(of: keyFile) }
    guard let secret = given else {
      throw CommandFailure(
        "--server-key needs the worker's own key",
        nextStep: "add --key-file (see elsa keygen), or put workerSecretKey of the coordinator's "
          + "connection.json into \(SecretVariable.workerSecretKey.rawValue)")
    }
    return try CurveKeyPair(secret: CurveSecretKey(z85: secret))
  }

  private static func pair(of keyFile: String) throws -> CurveKeyPair {
    let path = absolutePath(keyFile)
    let secret = try KeyFile(path: path).secret(of: .worker, path: path)
    return try CurveKeyPair(secret: CurveSecretKey(z85: secret))
  }

  /// Reads a key as text, or the file of one.
  private static func serverKey(_ text: String) throws -> CurvePublicKey {
    let path = absolutePath(text)
    guard FileManager.default.fileExists(atPath: path) else {
      return try CurvePublicKey(z85: text)
    }
    let key = try KeyFile(path: path)
    guard key.role == .server else {
      throw CommandFailure(
        "\(path) is the key of \(key.role.diagnostic)",
        nextStep: "give the coordinator's public key")
    }
    return try CurvePublicKey(z85: key.publicKey)
  }
}

extension WorkerOutcome {
  /// How the program ends, or `nil` if by the signal that has asked for it.
  var status: ExitStatus? {
    switch exit {
    case .finished: .done
    case .drained, .timeOver, .idle: .left
    case .refused: .refused
    case .coordinatorSilent: isKeyRefused ? .refused : .failed
    case .unprepared, .otherRun: .failed
    case nil: nil
    }
  }
}
