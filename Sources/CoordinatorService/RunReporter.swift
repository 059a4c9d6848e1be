import Coordination
import WireProtocol

/// Tells observers and operators how the run is doing, as often as the configuration says.
struct RunReporter {
  /// Tells at once what does not wait for its turn.
  let notifier: CoordinatorNotifier
  private let statusInterval: Duration
  private let frontInterval: Duration
  private var handler: OperatorHandler
  private var statusDeadline = Instant.start
  private var frontDeadline = Instant.start
  private var hasFrontChanged = false

  /// Creates a reporter that has told nothing.
  init(_ configuration: CoordinatorConfiguration, _ notifier: CoordinatorNotifier) {
    self.notifier = notifier
    statusInterval = configuration.statusInterval
    frontInterval = configuration.frontInterval
    handler = OperatorHandler(of: configuration.directory)
  }

  /// When something is to be told next, besides the status.
  var nextDeadline: Instant? { hasFrontChanged ? frontDeadline : nil }

  /// Takes up a notification, which is told unless its key has caused more than its share.
  mutating func take(
    _ notification: Coordinator.Notification, isTold: Bool, at now: Instant
  ) {
    notifier.take(notification, isTold: isTold)
    handler.take(notification, at: now)
    if case .candidateEvaluated(_, isOnFront: true) = notification { hasFrontChanged = true }
  }

  /// Tells what is due; returns why the front could not be written, if so.
  mutating func report(
    _ reception: Reception, _ transport: TransportCounters, at now: Instant
  ) -> (any Error)? {
    handler.observe(reception.coordinator, at: now)
    if statusDeadline <= now {
      statusDeadline = now + statusInterval
      notifier.observer.statusChanged(handler.status(of: reception, transport: transport, at: now))
    }
    guard hasFrontChanged, frontDeadline <= now else { return nil }
    frontDeadline = now + frontInterval
    return writeFront(reception)
  }

  /// Tells everything at the end; returns the last status, and why the front could not be written,
  /// if so.
  mutating func conclude(
    _ reception: Reception, _ transport: TransportCounters, at now: Instant
  ) -> (status: RunStatus, failure: (any Error)?) {
    let status = handler.status(of: reception, transport: transport, at: now)
    notifier.observer.statusChanged(status)
    return (status, writeFront(reception))
  }

  /// Returns what an operator is told who asks for the status.
  func answer(
    _ reception: Reception, _ transport: TransportCounters, workerCountMax: Int, at now: Instant
  ) -> RunStatus {
    handler.status(
      of: reception, transport: transport, workerCountMax: workerCountMax, at: now)
  }

  private mutating func writeFront(_ reception: Reception) -> (any Error)? {
    hasFrontChanged = false
    do {
      try notifier.observer.frontChanged(reception.coordinator)
      return nil
    } catch {
      // The front can be had from the journal at any time; the run goes on.
      return error
    }
  }
}
