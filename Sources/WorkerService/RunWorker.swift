import Coordination
import Foundation
import WireProtocol
import ZeroMQ

/// Runs a worker on this thread until its run is finished, it is told to leave, or it gives up.
///
/// The coordinator's address may be a connection file that appears later. Sockets live on this
/// thread; `prepare` and the evaluator it returns run on other threads, so heartbeats go on
/// whatever they do.
///
/// - Parameter prepare: loads the inputs of a run; its error ends the worker with its diagnostic.
/// - Throws: ``WorkerServiceError``: no connection, unusable keys, sockets or counter file.
package func runWorker(
  _ configuration: WorkerConfiguration, observer: WorkerObserver = .init(),
  prepare: @escaping @Sendable (RunDescription) throws -> any ShardEvaluator
) throws(WorkerServiceError) -> WorkerOutcome {
  try runWorker(configuration, observer: observer) { description, _ in try prepare(description) }
}

/// Runs a worker as ``runWorker(_:observer:prepare:)`` does, whose inputs may come from the
/// coordinator.
///
/// - Parameter prepare: loads the inputs of a run, if need be through the channel.
/// - Throws: ``WorkerServiceError``: no connection, unusable keys, sockets or counter file.
package func runWorker(
  _ configuration: WorkerConfiguration, observer: WorkerObserver = .init(),
  prepare: @escaping @Sendable (RunDescription, InputChannel) throws -> any ShardEvaluator
) throws(WorkerServiceError) -> WorkerOutcome {
  var counters: ShardCounterFile?
  if let path = configuration.counterPath { counters = try ShardCounterFile(path: path) }
  guard let connection = try waitForConnection(configuration, observer) else {
    return WorkerOutcome(
      exit: configuration.isTimeOver ? .timeOver : .drained, shardCount: 0)
  }
  var loop: WorkerLoop
  do throws(ZeroMQError) {
    loop = try WorkerLoop(
      configuration: configuration, observer: observer, connection: connection,
      counters: counters, preparation: prepare)
  } catch {
    throw .transport(error)
  }
  return try loop.run()
}

/// Runs a worker as `runWorker(_:observer:prepare:)` does, which offers the backends of its
/// factories; the run's numerics say which of them makes the evaluator.
///
/// - Throws: ``WorkerServiceError``: no connection, unusable keys, sockets or counter file.
package func runWorker(
  _ configuration: WorkerConfiguration, observer: WorkerObserver = .init(),
  factories: [EvaluatorFactory]
) throws(WorkerServiceError) -> WorkerOutcome {
  var configuration = configuration
  configuration.settings.offers = factories.map(\.offer)
  return try runWorker(configuration, observer: observer) { description, channel in
    let backend = description.numerics.backend
    guard
      let factory = factories.first(where: { $0.offer.backend == backend })
        ?? factories.first(where: { $0.offer.backend == .fromOutside })
    else {
      throw InputError.noBackend(backend)
    }
    return try factory.makeEvaluator(description, channel)
  }
}

/// Waits for the connection file, or returns `nil` if the worker must leave meanwhile.
private func waitForConnection(
  _ configuration: WorkerConfiguration, _ observer: WorkerObserver
) throws(WorkerServiceError) -> WorkerConnection? {
  let clock = ContinuousClock()
  let deadline = clock.now + configuration.settings.giveUpTimeout
  var isTold = false
  while true {
    if let connection = try configuration.currentConnection() { return connection }
    guard case .file(let path, _) = configuration.connection else {
      preconditionFailure("a fixed connection is always known")
    }
    if observer.stopRequest() != .none || configuration.isTimeOver { return nil }
    guard clock.now < deadline else {
      let diagnostic = "\(path) has not appeared in \(configuration.settings.giveUpTimeout)"
      throw .noConnection(path: path, diagnostic: diagnostic)
    }
    if !isTold { observer.troubled("waiting for \(path)") }
    isTold = true
    Thread.sleep(forTimeInterval: 0.05)
  }
}
