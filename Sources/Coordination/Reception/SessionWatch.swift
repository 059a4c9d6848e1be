import WireProtocol

/// What is known about the sessions besides their work: which key has opened each, by which
/// connection it is heard, and since when it is silent; and who waits for a session to begin.
package struct SessionWatch: Sendable {
  /// What is known about a session.
  package struct Entry: Sendable {
    /// The worker's name for users.
    package var label: String
    /// The key that opened the session, in Z85 text, or `nil` without encryption.
    package var key: String?
    /// The connection by which the worker was last heard.
    package var connection: ConnectionID?
    /// When the worker was last heard.
    package var heardAt: Instant
    /// The results that it has sent in this term.
    package var resultCount = 0
    /// The images of these results.
    package var imageCount = 0
    /// The time that it has spent on them.
    package var evaluationMicroseconds = 0
  }

  /// Whose a session is, or will be when it begins.
  package struct Owner: Hashable, Sendable {
    /// The key, in Z85 text, or `nil` without encryption.
    package let key: String?
    /// The connection by which the worker was last heard.
    package let connection: ConnectionID?
  }

  /// The longest evaluation that is believed, a day.
  private static let microsecondsMax = 86_400_000_000

  package private(set) var entries: [WorkerID: Entry] = [:]
  /// Who has asked for a session that has not begun.
  private var applicants: [WorkerID: Owner] = [:]
  /// How many of both are those of each key.
  private var counts: [String?: Int] = [:]

  /// Creates a watch over nothing.
  package init() {}

  /// The session of a worker.
  package subscript(worker: WorkerID) -> Entry? { entries[worker] }

  /// Whose a worker's session is, or will be.
  package func owner(of worker: WorkerID) -> Owner? {
    entries[worker].map { Owner(key: $0.key, connection: $0.connection) } ?? applicants[worker]
  }

  /// Whether a worker has asked for a session that has not begun.
  package func isWaiting(_ worker: WorkerID) -> Bool { applicants[worker] != nil }

  /// The workers that have asked for a session that has not begun.
  package var applicantCount: Int { applicants.count }

  /// The sessions that a key has opened or waits for.
  package func count(of key: String?) -> Int { counts[key] ?? 0 }

  /// The sessions of a name or an identity in text, in order.
  ///
  /// - Complexity: O(*n*) for *n* sessions.
  package func workers(named name: String) -> [WorkerID] {
    entries.filter { $0.value.label == name || "\($0.key)" == name }.keys.sorted()
  }

  /// The sessions whose key is not allowed, begun or not, in order.
  ///
  /// - Complexity: O(*n*) for *n* sessions.
  package func workers(unlessAllowed isAllowed: (String?) -> Bool) -> [WorkerID] {
    var workers = Array(entries.filter { !isAllowed($0.value.key) }.keys)
    workers += applicants.filter { !isAllowed($0.value.key) }.keys
    return workers.sorted()
  }

  /// The sessions of which nothing was heard since some time, in order.
  ///
  /// - Complexity: O(*n* log *n*) for *n* sessions.
  package func workers(silentSince time: Instant) -> [WorkerID] {
    entries.filter { $0.value.heardAt <= time }.keys.sorted()
  }

  // MARK: Changes

  /// A worker asks for a session, which may begin much later, with whatever event.
  ///
  /// - Precondition: it has none.
  package mutating func greet(_ worker: WorkerID, key: String?, connection: ConnectionID?) {
    precondition(entries[worker] == nil)
    dismiss(worker)
    applicants[worker] = Owner(key: key, connection: connection)
    counts[key, default: 0] += 1
  }

  /// A worker does not wait for a session any longer, if it did.
  package mutating func dismiss(_ worker: WorkerID) {
    if let applicant = applicants.removeValue(forKey: worker) { countDown(applicant.key) }
  }

  /// Nobody waits for a session any longer.
  package mutating func dismissAll() {
    for worker in Array(applicants.keys) { dismiss(worker) }
  }

  /// A session has begun: it is that of the key which has asked for it.
  package mutating func open(_ worker: WorkerID, label: String, at now: Instant) {
    close(worker)
    let owner = applicants[worker]
    dismiss(worker)
    entries[worker] = Entry(
      label: label, key: owner?.key, connection: owner?.connection, heardAt: now)
    counts[owner?.key, default: 0] += 1
  }

  /// A session has ended.
  package mutating func close(_ worker: WorkerID) {
    if let entry = entries.removeValue(forKey: worker) { countDown(entry.key) }
  }

  private mutating func countDown(_ key: String?) {
    let count = (counts[key] ?? 0) - 1
    counts[key] = count > 0 ? count : nil
  }

  /// Something has come from a worker; does nothing for one without a session.
  package mutating func hear(
    _ message: Message, from worker: WorkerID, by connection: ConnectionID? = nil, at now: Instant
  ) {
    guard let index = entries.index(forKey: worker) else { return }
    entries.values[index].connection = connection
    entries.values[index].heardAt = now
    guard case .result(let result) = message else { return }
    entries.values[index].resultCount += 1
    entries.values[index].imageCount += result.measurement.correct.count
    // The number comes from the wire: whatever it is, the sum must not overflow.
    entries.values[index].evaluationMicroseconds &+= min(
      max(0, result.evaluationMicroseconds), Self.microsecondsMax)
  }

  /// Traps unless the counts of keys agree with the sessions.
  ///
  /// - Complexity: O(*n*) for *n* sessions.
  package func checkInvariants() {
    precondition(counts.values.allSatisfy { $0 > 0 })
    precondition(applicants.keys.allSatisfy { entries[$0] == nil })
    var found: [String?: Int] = [:]
    for entry in entries.values { found[entry.key, default: 0] += 1 }
    for applicant in applicants.values { found[applicant.key, default: 0] += 1 }
    precondition(found == counts)
  }
}
