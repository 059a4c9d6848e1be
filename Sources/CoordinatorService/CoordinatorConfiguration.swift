import Coordination
import ProcessLimits
import RunStorage
import WireProtocol

/// Whether a coordinator encrypts and whom it lets in.
package enum CoordinatorSecurity: Hashable, Sendable {
  /// No encryption: anyone who reaches the port can join, other users of this machine included; for
  /// tests and measurements, on loopback alone.
  case none
  /// No encryption on any address, because a peer has asked for it explicitly.
  case noneBeyondLoopback
  /// CURVE; only the keys in the run directory get in.
  case curve(RunKeys)
}

/// What a coordinator needs besides the settings of its machine.
package struct CoordinatorConfiguration: Sendable {
  /// What the machine is told.
  package var settings: CoordinatorSettings
  /// Where journal, log and connection file lie.
  package var directory: RunDirectory
  /// The right to write in that directory; `nil` takes it when the coordinator starts.
  package var lock: DirectoryLock?
  /// The address to bind to, as in `tcp://127.0.0.1:0`.
  package var endpoint: String
  /// What workers shall connect to instead of the addresses of this machine.
  package var advertised: [AdvertisedAddress] = []
  /// Where the connection file is written besides, if anywhere.
  package var connectionCopy: ConnectionCopy?
  /// Encryption and admission.
  package var security: CoordinatorSecurity
  /// The coordinator's own key; without one, shards are measured again by others' keys alone.
  package var auditor: Auditor?
  /// The files that workers may fetch; none means that they need a shared file system.
  package var inputs: [ServedInput] = []
  /// How much of the files is under way at once, and how fast they are sent.
  package var inputBounds = InputScheduler.Bounds()
  /// The bytes after which the log starts anew; the first and the last full one are kept.
  package var logSizeMax = 10 << 20
  /// The shortest time between two calls of ``CoordinatorObserver/statusChanged``.
  package var statusInterval: Duration = .milliseconds(100)
  /// The shortest time between two calls of ``CoordinatorObserver/frontChanged``.
  package var frontInterval: Duration = .seconds(2)
  /// How long what was accepted may take to become durable before the coordinator ends without it.
  package var stopTimeout: Duration = .seconds(20)
  /// A seam for tests: gets the journal when it is open, to make it fail.
  package var journalOpened: @Sendable (Journal) -> Void = { _ in }

  package init(
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
package struct ConnectionCopy: Hashable, Codable, Sendable {
  /// The file's path.
  package let path: String
  /// Who may read it.
  package let mode: UInt16

  /// Creates the description of a file, or returns `nil` unless its owner can read it, at most a
  /// group besides, and nobody else can write it.
  package init?(path: String, mode: UInt16 = 0o600) {
    guard mode & ~0o640 == 0, mode & 0o400 != 0 else { return nil }
    self.path = path
    self.mode = mode
  }
}

/// What users and programs see of a running coordinator; called on the coordinator's thread.
package struct CoordinatorObserver {
  /// The coordinator listens and the connection file is written.
  package var started: (ConnectionFile) -> Void = { _ in }
  /// Something about this machine or the run directory should be looked after, as text.
  package var warned: (String) -> Void = { _ in }
  /// How the run is doing, without lists of workers and the room on the disk; not more often than
  /// the configuration says, and once at the end.
  package var statusChanged: (RunStatus) -> Void = { _ in }
  /// Something that users should know, with the diagnostic that the log gets, or without one if
  /// the key behind it has caused more than its share.
  package var notified: (Coordinator.Notification, _ diagnostic: String?) -> Void = { _, _ in }
  /// The front has changed; called now and then, and once at the end.
  package var frontChanged: (Coordinator) throws -> Void = { _ in }
  /// How urgently the process was asked to end.
  package var stopRequest: () -> StopRequest = { .none }

  /// Creates an observer that does nothing.
  package init() {}
}

/// How a coordinator's run ended.
package struct CoordinatorOutcome: Hashable, Sendable {
  /// Whether everything is evaluated or the run was stopped.
  package var ending: Coordinator.Ending
  /// The state at the end.
  package var status: RunStatus
}
