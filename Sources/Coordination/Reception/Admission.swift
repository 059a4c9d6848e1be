/// Who may say what: the keys of workers and operators, and how many sessions each key may open.
///
/// The authenticator keeps strangers from connecting. A connection that stands outlives its key's
/// permission, and any holder of a worker's key can claim any name; so each message is judged.
package struct Admission: Sendable {
  /// What becomes of a message.
  package enum Judgement: Hashable, Sendable {
    /// It may be taken.
    case admitted
    /// Its sender's key has no right to send it, any more or at all.
    case notAllowed
    /// Its sender claims a session that another key has opened.
    case otherKey
  }

  /// The keys, or `nil` without encryption, where everybody may come in.
  private var keys: PeerKeys?
  private var registrations: RegistrationQuota

  /// Creates an admission by keys; `nil` lets everybody in, for connections without encryption.
  package init(keys: PeerKeys?, sessionCountMax: Int) {
    self.keys = keys
    registrations = RegistrationQuota(sessionCountMax: sessionCountMax)
  }

  /// Goes by other keys from here on.
  package mutating func adopt(_ keys: PeerKeys) {
    self.keys = keys
    registrations.prune { keys.allowsWorker($0) }
  }

  /// Returns the name of a worker's key, or the key itself where it has none.
  package func name(of key: String?) -> String? {
    guard let key else { return nil }
    return keys?.name(of: key) ?? key
  }

  /// Whether the holder of a key may be a worker.
  package func allowsWorker(_ key: String?) -> Bool {
    guard let keys else { return true }
    return key.map(keys.allowsWorker) ?? false
  }

  /// Whether the holder of a key may ask and tell as an operator.
  package func allowsOperator(_ key: String?) -> Bool {
    guard let keys else { return true }
    return key.map(keys.allowsOperator) ?? false
  }

  /// Judges a message of a worker, whose session another key may have opened or may wait for.
  package func judge(_ key: String?, owner: SessionWatch.Owner?) -> Judgement {
    // A session was opened by an allowed key, and ends when that key is revoked.
    if let owner { return owner.key == key ? .admitted : .otherKey }
    return allowsWorker(key) ? .admitted : .notAllowed
  }

  /// Counts a session that a key wants to open, and returns why it may not, if so.
  ///
  /// - Parameter sessionCount: the sessions that the key has or waits for.
  package mutating func refusal(of key: String?, sessionCount: Int, at now: Instant) -> String? {
    registrations.refusal(
      of: key, sessionCount: sessionCount, hasOthers: (keys?.workers.count ?? 0) > 1, at: now)
  }
}
