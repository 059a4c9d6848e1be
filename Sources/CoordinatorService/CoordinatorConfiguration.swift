import Coordination
import ProcessLimits
import RunStorage

/// Whether a coordinator encrypts and whom it lets in.
public enum CoordinatorSecurity: Hashable, Sendable {
  /// No encryption: whoever reaches the port can join, other users of this machine included; for
  /// tests and measurements, on loopback alone.
  case none
  /// No encryption on any address, because somebody has asked for it in so many words.
  case noneBeyondLoopback
  /// CURVE; only the keys in the run directory get in.
  case curve(RunKeys)
}

/// What a coordinator needs besides the settings of its machine.
public struct CoordinatorConfiguration: Sendable {
  /// What the machine is told.
  public var settings: CoordinatorSettings
  /// Where journal, log and connection file lie.
  public var directory: RunDirectory
  /// The right to write in that directory; `nil` takes it when the coordinator starts.
  public var lock: DirectoryLock?
  /// The address to bind to, as in `tcp://127.0.0.1:0`.
  public var endpoint: String
  /// What workers shall connect to instead of the addresses of this machine.
  public var advertised: [AdvertisedAddress] = []
  /// Where the connection file is written besides, if anywhere.
  public var connectionCopy: ConnectionCopy?
  /// Encryption and admission.
  public var security: CoordinatorSecurity
  /// The coordinator's own key; without one, shards are measured again by others' keys alone.
  public var auditor: Auditor?
  /// The files that workers may fetch; none means that they need a shared file system.
  public var inputs: [ServedInput] = []
  /// How much of the files is under way at once, and how fast they are sent.
  public var inputBounds = InputDesk.Bounds()
  /// The bytes after which the log starts anew; the first and the last full one are kept.
  public var logSizeMax = 10 << 20
  /// The shortest time between two calls of ``CoordinatorObserver/statusChanged``.
  public var statusInterval: Duration = .milliseconds(100)
  /// The shortest time between two calls of ``CoordinatorObserver/frontChanged``.
  public var frontInterval: Duration = .seconds(2)
  /// How long what was accepted may take to become durable before the coordinator ends without it.
  public var stopTimeout: Duration = .seconds(20)
  /// A seam for tests: gets the journal when it is open, to make it fail.
  package var journalOpened: @Sendable (Journal) -> Void = { _ in }

  /// Creates a configuration.
  public init(
    settings: CoordinatorSettings, directory: RunDirectory, endpoint: String,
    security: CoordinatorSecurity
  ) {
    self.settings = settings
    self.directory = directory
    self.endpoint = endpoint
    self.security = security
  }
}

/// A second connection file, for workers that do not see the run directory.
public struct ConnectionCopy: Hashable, Codable, Sendable {
  /// The file's path.
  public let path: String
  /// Who may read it.
  public let mode: UInt16

  /// Creates the description of a file, or returns `nil` unless its owner can read it, at most a
  /// group besides, and nobody else can write it.
  public init?(path: String, mode: UInt16 = 0o600) {
    guard mode & ~0o640 == 0, mode & 0o400 != 0 else { return nil }
    self.path = path
    self.mode = mode
  }
}

/// What people and programs see of a running coordinator; called on the coordinator's thread.
public struct CoordinatorObserver {
  /// The coordinator listens and the connection file is written.
  public var started: (ConnectionFile) -> Void = { _ in }
  /// Something about this machine or the run directory should be looked after, in words.
  public var warned: (String) -> Void = { _ in }
  /// How far the run is; not more often than the configuration says, and once at the end.
  public var statusChanged: (CoordinatorStatus) -> Void = { _ in }
  /// Something that users should know, with the diagnostic that the log gets, or without one if
  /// the key behind it has caused more than its share.
  public var noted: (Coordinator.Note, _ words: String?) -> Void = { _, _ in }
  /// The front has changed; called now and then, and once at the end.
  public var frontChanged: (Coordinator) throws -> Void = { _ in }
  /// How urgently the process was asked to end.
  public var stopRequest: () -> StopRequest = { .none }

  /// Creates an observer that does nothing.
  public init() {}
}

/// How far a run is, and what the transport has seen.
public struct CoordinatorStatus: Hashable, Sendable {
  /// What the machine knows.
  public var progress: CoordinatorProgress
  /// What the sockets know.
  public var transport: TransportCounters
  /// How long the rest of the run takes, if that can be told.
  public var timeLeft: Duration?
}

/// Counts of what the sockets have seen.
public struct TransportCounters: Hashable, Sendable {
  /// Messages received, malformed ones included.
  public var received = 0
  /// Messages sent.
  public var sent = 0
  /// Messages to peers that are not connected; nothing was sent.
  public var unreachable = 0
  /// Messages to peers whose queue is full; nothing was sent.
  public var full = 0
  /// Connections that the authenticator refused.
  public var refusedConnections = 0
  /// Handshakes that failed for other reasons: no key, the wrong server key, another protocol.
  public var failedHandshakes = 0
  /// Connections that could not be accepted, for want of file descriptors as a rule.
  public var failedAccepts = 0
  /// Messages of keys that were revoked.
  public var notAllowed = 0
  /// Sessions that were not opened, because their key has enough or opens them too fast.
  public var turnedAway = 0
  /// Messages by connections that were about to end.
  public var refusedMessages = 0
  /// Connections that were ended: silent, refused, or holding too much memory.
  public var endedConnections = 0
  /// Messages that claim a session which another key has opened.
  public var mismatchedKeys = 0
  /// Batches that the journal has made durable.
  public var commits = 0

  /// Creates zero counts.
  public init() {}
}

/// How a coordinator's run ended.
public struct CoordinatorOutcome: Hashable, Sendable {
  /// Whether everything is evaluated or the run was stopped.
  public var ending: Coordinator.Ending
  /// The state at the end.
  public var status: CoordinatorStatus
}
