import Coordination
import ProcessLimits
import SparsityCore
import WireProtocol

/// What a worker needs besides an evaluator.
public struct WorkerConfiguration: Sendable {
  /// How to find the coordinator.
  public var connection: ConnectionSource
  /// Whether the worker does without encryption if it has no keys; one that has keys never does.
  public var allowsPlainText = false
  /// What the machine is told.
  public var settings: WorkerSettings
  /// A file to which a line is added for each computed shard, or `nil`; see ``ShardCounterFile``.
  public var counterPath: String?
  /// When the process will be ended from outside, if that is known; the worker leaves before.
  public var endsAt: ContinuousClock.Instant?
  /// How long one address is tried before the next one, or before the file is read again.
  public var attemptTimeout: Duration = .seconds(2)
  /// How long the security handshake may take once an address has answered.
  public var handshakeTimeout: Duration = .seconds(10)

  /// Creates a configuration.
  public init(
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
  ///   - label: the worker's name for people, as in `node07/4711`.
  ///   - numerics: the best arithmetic of this machine in each precision; at least one.
  public static func newSession(
    label: String, build: String, slots: Int = 1, numerics: [Numerics]
  ) -> WorkerSettings {
    precondition(!numerics.isEmpty)
    return WorkerSettings(
      worker: WorkerID(UInt64.random(in: .min ... .max)),
      jitterSeed: UInt64.random(in: .min ... .max), label: label, build: build, slots: slots,
      instructionSet: numerics[0].instructionSet, precisions: numerics.map(\.precision),
      kernelTable: numerics[0].kernelTable)
  }
}

/// What people and programs see of a running worker; called on the worker's socket thread.
public struct WorkerObserver {
  /// Something that people should know, in words.
  public var noted: (_ note: WorkerMachine.Note, _ words: String) -> Void = { _, _ in }
  /// The transport has a trouble, in words; told once until it changes.
  public var troubled: (_ words: String) -> Void = { _ in }
  /// The number of shards computed so far, after each.
  public var computed: (_ shardCount: Int) -> Void = { _ in }
  /// How urgently the process was asked to end; an orderly end is a drain.
  public var stopRequest: () -> StopRequest = { .none }
  /// A seam for tests: whether the worker disappears at once, as if it had been killed.
  package var isKilled: () -> Bool = { false }

  /// Creates an observer that does nothing.
  public init() {}
}

/// How a worker's life ended.
public struct WorkerOutcome: Hashable, Sendable {
  /// Why it ended; `nil` if it was told to end at once.
  public var exit: WorkerMachine.Exit?
  /// The shards computed.
  public var shardCount: Int
  /// Whether the coordinator's authenticator was the last to say no: our key is not allowed.
  public var isKeyRefused: Bool

  /// Creates an outcome.
  package init(exit: WorkerMachine.Exit?, shardCount: Int, isKeyRefused: Bool = false) {
    self.exit = exit
    self.shardCount = shardCount
    self.isKeyRefused = isKeyRefused
  }

  /// Whether the worker did all that was wanted of it.
  public var isSuccess: Bool { exit?.isSuccess ?? false }

  /// The reason in words.
  public var words: String {
    switch exit {
    case .finished: "the run is finished"
    case .drained: "left as asked"
    case .timeOver: "left because its time is over"
    case .idle(let words): "left because \(words)"
    case .refused(_, let words): "the coordinator refuses this worker: \(words)"
    case .coordinatorSilent(let words): "gave up: \(words)"
    case .unprepared(let words): "cannot take part: \(words)"
    case .otherRun(let words): words
    case nil: "ended at once, as asked"
    }
  }
}
