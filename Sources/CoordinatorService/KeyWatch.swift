import Coordination
import RunStorage
import ZeroMQ

/// The keys in a run's directory, looked at again and again, with the coordinator's own.
struct KeyWatch {
  /// The time between two looks at the key folder.
  static let lookInterval = Duration.seconds(1)

  private var folder: KeyFolder
  private let own: (key: CurvePublicKey, name: String)?
  private var lookDeadline = Instant.start

  /// What a look has found.
  struct Finding {
    /// What the folder holds.
    let reading: KeyFolder.Reading
    /// The keys that may connect.
    let allowed: Set<CurvePublicKey>
    /// The same, with what each may do.
    let keys: PeerKeys
  }

  /// Creates a watch over the keys in a run's directory, and the coordinator's own, which has a
  /// name that no other may have.
  init(of directory: RunDirectory, ownKey: CurvePublicKey?, named name: String) {
    folder = KeyFolder(of: directory)
    own = ownKey.map { ($0, name) }
  }

  /// Reads the keys for the first time.
  mutating func begin() -> Finding { finding(folder.read()) }

  /// Reads the keys if it is time to and they have changed.
  mutating func look(at now: Instant) -> Finding? {
    guard lookDeadline <= now else { return nil }
    lookDeadline = now + Self.lookInterval
    return folder.changes().map(finding)
  }

  private func finding(_ reading: KeyFolder.Reading) -> Finding {
    let names = reading.allowed.workerNames
    let workers = reading.allowed.workers.map { ($0.z85, names[$0] ?? $0.z85) }
    var allowed = reading.allowed.all
    if let own { allowed.insert(own.key) }
    return Finding(
      reading: reading, allowed: allowed,
      keys: PeerKeys(
        workers: Dictionary(uniqueKeysWithValues: workers),
        operators: Set(reading.allowed.operators.map(\.z85)),
        own: own.map { PeerKeys.OwnKey($0.key.z85, named: $0.name) }))
  }
}
