import Coordination
import ProcessLimits
import SparsityCore
import WireProtocol

/// What a worker needs besides an evaluator.
package struct WorkerConfiguration: Sendable {
  /// How to find the coordinator.
  package var connection: ConnectionSource
  /// Whether the worker does without encryption if it has no keys; one that has keys never does.
  package var allowsPlainText = false
  /// What the machine is told.
  package var settings: WorkerSettings
  /// A file to which a line is added for each computed shard, or `nil`; see ``ShardCounterFile``.
  package var counterPath: String?
  /// When the process will be ended from outside, if that is known; the worker leaves before.
  package var endsAt: ContinuousClock.Instant?
  /// How long one address is tried before the next one, or before the file is read again.
  package var attemptTimeout: Duration = .seconds(2)
  /// How long the security handshake may take once an address has answered.
  package var handshakeTimeout: Duration = .seconds(10)

  package init(
    connection: ConnectionSource, settings: WorkerSettings, counterPath: String? = nil
  ) {
    self.connection = connection
    self.settings = settings
    self.counterPath = counterPath
  }
}

extension WorkerConfiguration {
  /// Returns the connection, or `nil` if the file does not exist (yet).
  ///
  /// - Throws: ``WorkerServiceError``: it cannot be read, or is one of plain text that is not
  ///   allowed, also where it was encrypted before.
  func currentConnection() throws(WorkerServiceError) -> WorkerConnection? {
    guard let current = try connection.current() else { return nil }
    guard current.keys != nil || allowsPlainText else {
      throw .plainText(endpoint: current.endpoints[0])
    }
    return current
  }

  /// Whether the time at which the process will be ended has come.
  var isTimeOver: Bool { endsAt.map { $0 <= ContinuousClock().now } ?? false }
}

extension WorkerSettings {
  /// Creates the settings of a new session of this process, with a fresh identity.
  ///
  /// - Parameters:
  ///   - label: the worker's name for users, as in `node07/4711`.
  ///   - offers: what evaluations can be computed with; factories fill it in.
  package static func newSession(
    label: String, build: String, slots: Int = 1, offers: [BackendOffer] = []
  ) -> WorkerSettings {
    return WorkerSettings(
      worker: WorkerID(UInt64.random(in: .min ... .max)),
      jitterSeed: UInt64.random(in: .min ... .max), label: label, build: build, slots: slots,
      offers: offers)
  }
}

/// What users and programs see of a running worker; called on the worker's socket thread.
package struct WorkerObserver {
  /// Something that users should know, as text.
  package var notified: (_ notification: WorkerMachine.Notification, _ diagnostic: String) -> Void =
    { _, _ in }
  /// The transport has a trouble, as text; told once until it changes.
  package var troubled: (_ diagnostic: String) -> Void = { _ in }
  /// The number of shards computed so far, after each.
  package var computed: (_ shardCount: Int) -> Void = { _ in }
  /// How urgently the process was asked to end; an orderly end is a drain.
  package var stopRequest: () -> StopRequest = { .none }
  /// A seam for tests: whether the worker disappears at once, as if it had been killed.
  package var isKilled: () -> Bool = { false }

  /// Creates an observer that does nothing.
  package init() {}
}

/// How a worker's life ended.
package struct WorkerOutcome: Hashable, Sendable {
  /// Why it ended; `nil` if it was told to end at once.
  package var exit: WorkerMachine.Exit?
  /// The shards computed.
  package var shardCount: Int
  /// Whether the coordinator's authenticator was the last to say no: our key is not allowed.
  package var isKeyRefused: Bool

  package init(exit: WorkerMachine.Exit?, shardCount: Int, isKeyRefused: Bool = false) {
    self.exit = exit
    self.shardCount = shardCount
    self.isKeyRefused = isKeyRefused
  }

  /// Whether the worker did all that was wanted of it.
  package var isSuccess: Bool { exit?.isSuccess ?? false }

  /// The reason as text.
  package var diagnostic: String {
    switch exit {
    case .finished: "the run is finished"
    case .drained: "left as asked"
    case .timeOver: "left because its time is over"
    case .idle(let diagnostic): "left because \(diagnostic)"
    case .refused(_, let diagnostic): "the coordinator refuses this worker: \(diagnostic)"
    case .coordinatorSilent(let diagnostic): "gave up: \(diagnostic)"
    case .unprepared(let diagnostic): "cannot take part: \(diagnostic)"
    case .otherRun(let diagnostic): diagnostic
    case nil: "ended at once, as asked"
    }
  }
}
