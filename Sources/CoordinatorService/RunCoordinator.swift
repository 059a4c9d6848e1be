import Coordination
import Foundation
import Logging
import RunStorage
import SparsityCore
import WireProtocol
import ZeroMQ

/// Runs the coordinator of a run on this thread until the run is complete or is stopped.
///
/// The journal is opened and read from its snapshot on, the socket bound, and the connection file
/// written; it is removed at the end, whatever the end is, unless another coordinator has written
/// its own. Only one messaging context is created, after the keys.
///
/// - Throws: ``CoordinatorServiceError``: the directory or port is in use, the endpoint is open to
///   other machines without keys, the journal is damaged or of another run.
package func runCoordinator(
  _ configuration: CoordinatorConfiguration, observer: CoordinatorObserver = .init()
) throws(CoordinatorServiceError) -> CoordinatorOutcome {
  var address = try BindAddress(configuration.endpoint).resolved()
  if configuration.security == .none, !address.isLoopback {
    throw .unprotectedEndpoint(configuration.endpoint)
  }
  let journal: Journal
  do throws(RunStorageError) {
    journal = try Journal(in: configuration.directory, lock: configuration.lock)
  } catch {
    throw .storage(error)
  }
  configuration.journalOpened(journal)
  let logger = makeLogger(configuration)
  for warning in journal.warnings {
    logger.warning("\(warning)")
    observer.warned(warning)
  }
  let limit = DescriptorLimit.raise()
  let sessions = DescriptorLimit.sessionCountMax(limit: limit)
  var settings = configuration.settings
  settings.bounds.sessionCountMax = min(settings.bounds.sessionCountMax, sessions)
  let workers = counted(settings.bounds.sessionCountMax, "worker")
  logger.info("\(counted(limit, "file descriptor")) allow \(workers)")
  if limit < DescriptorLimit.usual {
    let diagnostic =
      "only \(workers) can join, because this "
      + "process may open \(limit) files; raise the limit (ulimit -n \(DescriptorLimit.usual)) "
      + "and start it again"
    logger.warning("\(diagnostic)")
    observer.warned(diagnostic)
  }
  if let auditor = configuration.auditor, configuration.security != .none {
    settings.spotChecks.hasAuditor = auditor.start != nil
    settings.spotChecks.trustedKeyWorks = auditor.start == nil
  }
  do throws(CoordinatorServiceError) {
    var outcome: CoordinatorOutcome
    repeat {
      let recovery = try CoordinatorRecovery(settings: settings, from: journal)
      if let diagnostic = recovery.warning {
        logger.warning("\(diagnostic)")
        observer.warned(diagnostic)
      }
      let endpoint: String
      (outcome, endpoint) = try serve(
        recovery.machine, at: address, configuration: configuration, observer: observer,
        logger: logger, journal: journal)
      // Workers come back to where the coordinator was.
      address = try BindAddress(endpoint)
    } while outcome.ending == .restarting
    do throws(RunStorageError) {
      try journal.close()
    } catch {
      // Everything is durable; what failed is only the tidying up.
      logger.warning("\(error)")
    }
    logger.notice("ended: \(outcome.ending == .completed ? "complete" : "stopped, to be resumed")")
    return outcome
  } catch {
    logger.critical("\(error)")
    throw error
  }
}

/// The messages of one worker that wait to be read before TCP holds it back: it has few to say.
private let receiveHighWaterMark = 256

/// Binds the socket, tells workers where it is, and runs the loop.
private func serve(
  _ machine: Coordinator, at address: BindAddress, configuration: CoordinatorConfiguration,
  observer: CoordinatorObserver, logger: Logger, journal: Journal
) throws(CoordinatorServiceError) -> (outcome: CoordinatorOutcome, endpoint: String) {
  var options = SocketOptions()
  options.frameSizeMax = WireLimits.frameSizeMax
  options.linger = .seconds(1)
  options.backlog = min(options.backlog, DescriptorLimit.backlog(limit: DescriptorLimit.current))
  options.receiveHighWaterMark = receiveHighWaterMark
  var keys: RunKeys?
  if case .curve(let runKeys) = configuration.security {
    keys = runKeys
    options.security = .curveServer(runKeys.server)
  }
  let auditor = configuration.auditor
  var watch = keys.map { _ in
    KeyWatch(
      of: configuration.directory, ownKey: auditor?.keys.publicKey,
      named: configuration.settings.spotChecks.trustedKey)
  }
  let finding = watch?.begin()
  if let finding {
    CoordinatorNotifier(logger, observer).tell(finding.reading, isFirst: true)
  }
  let endpoint: String
  let transport: CoordinatorTransport
  let wakeUp: WakeUp
  do throws(ZeroMQError) {
    wakeUp = try WakeUp()
  } catch {
    throw .transport(error)
  }
  let inputs = try InputThread(
    serving: configuration.inputs, bounds: configuration.inputBounds, wakeUp: wakeUp)
  defer { inputs.finish() }
  let check =
    journal.isStructureChecked
    ? nil : JournalCheck(of: configuration.directory, wakeUp: wakeUp)
  defer { check?.finish() }
  let search = SearchThread(wakeUp: wakeUp)
  defer { search.finish() }
  do throws(ZeroMQError) {
    let context = try Context()
    // The authenticator comes first, or libzmq would let everybody in; without CURVE it is idle.
    let authenticator = try Authenticator(context, allowing: finding?.allowed ?? [])
    let socket = try Socket(context, kind: .router, options: options)
    let monitor = try Monitor(of: socket, in: context)
    endpoint = try socket.bind(address.endpoint)
    let bounds = ConnectionTable.Bounds(
      countMax: DescriptorLimit.connectionCountMax(limit: DescriptorLimit.current))
    transport = CoordinatorTransport(
      socket: socket, authenticator: authenticator, monitor: monitor,
      connections: ConnectionGuard(bounds: bounds, wakeUp: wakeUp), wakeUp: wakeUp)
  } catch {
    throw .transport(error)
  }
  let keeper = JournalKeeper(
    storage: StorageThread(journal: journal, wakeUp: wakeUp), check: check)
  let path = configuration.directory.connectionFilePath
  let given = try BindAddress(configuration.endpoint)
  if let diagnostic = given.loopbackWarning(bound: address) {
    logger.warning("\(diagnostic)")
    observer.warned(diagnostic)
  }
  let file = connectionFile(
    endpoints: try given.reachableEndpoints(
      bound: BindAddress(endpoint), hostName: ProcessInfo.processInfo.hostName,
      interfaces: InterfaceAddress.all, advertised: configuration.advertised),
    keys: keys, run: machine.settings.description.run, term: machine.term)
  let connection: PublishedConnection
  do throws(RunStorageError) {
    connection = try PublishedConnection(
      file, to: path, copy: configuration.connectionCopy, journal: journal)
  } catch {
    throw .storage(error)
  }
  defer {
    for failure in connection.remove() {
      logger.warning("\(failure)")
      observer.warned("\(failure)")
    }
  }
  logger.notice("term \(machine.term) listens on \(file.endpoints.joined(separator: ", "))")
  observer.started(file)
  var loop = CoordinatorLoop(
    Reception(machine, keys: finding?.keys), configuration, observer: observer, logger: logger,
    transport: transport, journal: keeper, search: search, keys: watch, inputs: inputs,
    published: connection)
  return (try loop.run(), endpoint)
}

private func connectionFile(
  endpoints: [String], keys: RunKeys?, run: RunID, term: Term
) -> ConnectionFile {
  ConnectionFile(
    endpoints: endpoints, serverKey: keys?.server.publicKey.z85,
    workerPublicKey: keys?.workers.publicKey.z85, workerSecretKey: keys?.workers.secret.z85,
    run: run, term: term, processID: getpid(), host: ProcessInfo.processInfo.hostName)
}

private func makeLogger(_ configuration: CoordinatorConfiguration) -> Logger {
  let file = LogFile(path: configuration.directory.logPath, sizeMax: configuration.logSizeMax)
  return Logger(label: "elsa.coordinator") { _ in LogFileHandler(file: file) }
}
