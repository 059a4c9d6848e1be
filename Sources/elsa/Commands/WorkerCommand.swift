import ArgumentParser
import Coordination
import Evaluation
import Foundation
import SparsityCore
import WorkerService
import ZeroMQ

/// A process that evaluates candidates for a coordinator.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Joins a run and evaluates candidates until the run is done.",
    discussion: """
      Workers may join and leave at any time. SIGTERM lets a worker finish or hand back what it \
      holds and leave; a second one ends it at once. Model and images are read from the paths that \
      the coordinator names (a shared file system) and are refused unless their content matches.

      For an encrypted coordinator use its connection file, or give --server-key and put the \
      worker's secret key into the environment variable ELSA_WORKER_SECRET_KEY.

      EXAMPLES
        elsa worker --connection-file my-run/connection.json
        elsa worker --connect tcp://127.0.0.1:5555 --threads 4
      """)

  @Option(help: ArgumentHelp("The connection.json of the run directory.", valueName: "file"))
  var connectionFile: String?

  @Option(help: ArgumentHelp("The coordinator's address.", valueName: "endpoint"))
  var connect: String?

  @Option(help: ArgumentHelp("The coordinator's public key (Z85).", valueName: "key"))
  var serverKey: String?

  @Option(help: "The evaluation threads (default: one a core).")
  var threads: Int?

  @Option(help: "The name that logs and journal show (default: host and process).")
  var name: String?

  @Option(help: ArgumentHelp("The silence after which the worker gives up.", valueName: "seconds"))
  var giveUpAfter = 600

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
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads); allowed is 1…1024.")
    }
    guard (10...1_000_000).contains(giveUpAfter) else {
      throw ValidationError("--give-up-after is \(giveUpAfter); allowed is 10…1000000 seconds.")
    }
  }

  func run() throws {
    StopFlag.install()
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    var settings = WorkerSettings.newSession(
      label: name ?? "\(ProcessInfo.processInfo.hostName)/\(getpid())", build: ElsaVersion.text,
      numerics: Precision.allCases.map { .detected(precision: $0) })
    settings.giveUpTimeout = .seconds(giveUpAfter)
    let configuration = WorkerConfiguration(
      connection: try connectionSource(), settings: settings, counterPath: counters)
    var observer = WorkerObserver()
    let isQuiet = quiet
    observer.noted = { _, words in if !isQuiet { Output.note(words) } }
    observer.troubled = { Output.note($0) }
    observer.stopRequestCount = { StopFlag.requestCount }
    let outcome = try runWorker(configuration, observer: observer) { description in
      try ModelShardEvaluator(description: description, threads: threads)
    }
    guard outcome.isSuccess else { throw CommandFailure(outcome.words) }
    if !quiet { Output.note("\(outcome.words); \(outcome.shardCount) shards computed") }
  }

  private func connectionSource() throws -> ConnectionSource {
    if let connectionFile { return .file(path: absolutePath(connectionFile)) }
    guard let connect else { preconditionFailure("validated") }
    guard let serverKey else { return .fixed(WorkerConnection(endpoints: [connect], keys: nil)) }
    guard let secret = ProcessInfo.processInfo.environment["ELSA_WORKER_SECRET_KEY"] else {
      throw CommandFailure(
        "--server-key needs the worker's secret key in ELSA_WORKER_SECRET_KEY",
        nextStep: "take workerSecretKey from the coordinator's connection.json")
    }
    let keys = WorkerConnection.Keys(
      worker: try CurveKeyPair(secret: CurveSecretKey(z85: secret)),
      server: try CurvePublicKey(z85: serverKey))
    return .fixed(WorkerConnection(endpoints: [connect], keys: keys))
  }
}
