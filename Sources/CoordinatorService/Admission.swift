import Coordination
import RunStorage
import WireProtocol
import ZeroMQ

/// Who may say what: the keys of workers and operators, and the key that each session belongs to.
///
/// The authenticator keeps strangers from connecting. A connection that stands outlives its key's
/// permission, and any holder of a worker's key can claim any name; so each message is judged.
struct Admission {
  /// What becomes of a message.
  enum Judgement: Hashable {
    /// It may be taken.
    case admitted
    /// Its sender's key has no right to send it, any more or at all.
    case notAllowed
    /// Its sender claims a session that another key has opened.
    case otherKey
  }

  /// The time between two looks at the key folder.
  static let lookInterval = Duration.seconds(1)

  private var folder: KeyFolder?
  private var own: (key: CurvePublicKey, name: String)?
  /// The keys that may connect.
  private(set) var allowed: Set<CurvePublicKey> = []
  private var workers: Set<String> = []
  private var workerNames: [String: String] = [:]
  private var operators: Set<String> = []
  private var lookDeadline = Instant.start

  /// Creates an admission that lets everybody in, for connections without encryption.
  init() {}

  /// Creates an admission by the keys in a run's directory, and the coordinator's own, which has a
  /// name that no other may have.
  init(of directory: RunDirectory, ownKey: CurvePublicKey?, named name: String) {
    folder = KeyFolder(of: directory)
    own = ownKey.map { ($0, name) }
  }

  /// Reads the keys if they may have changed, and returns what the folder holds.
  mutating func look(at now: Instant) -> KeyFolder.Reading? {
    guard folder != nil, lookDeadline <= now else { return nil }
    lookDeadline = now + Self.lookInterval
    guard let reading = folder?.changes() else { return nil }
    adopt(reading)
    return reading
  }

  /// Reads the keys for the first time.
  mutating func begin() -> KeyFolder.Reading {
    guard let reading = folder?.read() else { return KeyFolder.Reading() }
    adopt(reading)
    return reading
  }

  private mutating func adopt(_ reading: KeyFolder.Reading) {
    workers = Set(reading.allowed.workers.map(\.z85))
    workerKeyCount = workers.count
    workerNames = [:]
    for (key, name) in reading.allowed.workerNames { workerNames[key.z85] = name }
    operators = Set(reading.allowed.operators.map(\.z85))
    allowed = reading.allowed.all
    guard let own else { return }
    workers.insert(own.key.z85)
    workerNames[own.key.z85] = own.name
    allowed.insert(own.key)
  }

  /// The keys that may be workers, the coordinator's own aside; none without encryption.
  private(set) var workerKeyCount = 0

  /// Returns the name of a worker's key, or the key itself where it has none.
  func name(of key: String?) -> String? { key.map { workerNames[$0] ?? $0 } }

  /// Whether the owner of a key may be a worker.
  func allowsWorker(_ key: String?) -> Bool {
    folder == nil || key.map(workers.contains) ?? false
  }

  /// Whether the owner of a key may ask and tell as an operator.
  func allowsOperator(_ key: String?) -> Bool {
    folder == nil || key.map(operators.contains) ?? false
  }

  /// Judges a message of a worker, whose session another key may have opened.
  func judge(_ key: String?, session: SessionWatch.Entry?) -> Judgement {
    // A session was opened by an allowed key, and ends when that key is revoked.
    if let session { return session.key == key ? .admitted : .otherKey }
    return allowsWorker(key) ? .admitted : .notAllowed
  }
}
