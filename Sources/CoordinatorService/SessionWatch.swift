import Coordination
import WireProtocol

/// What the shell knows about the sessions: whose they are, when they were last heard, and which
/// of them to ask for when a connection has ended.
///
/// libzmq tells that some connection has ended, never whose. So the sessions that have been silent
/// since are sent a small message each: one whose peer is gone cannot be routed to. The first round
/// leaves time for a worker that comes back at once; rounds are coalesced and sent in portions,
/// so that thousands of workers that leave together cost little.
package struct SessionWatch {
  /// What is known about a session.
  package struct Entry {
    /// The worker's name for people.
    package var label: String
    /// The key that opened the session, in Z85 text, or `nil` without encryption.
    package var key: String?
    /// The connection by which the worker was last heard.
    package var connection: Int32?
    /// When the worker was last heard.
    package var heardAt: Instant
    /// The results that it has sent in this epoch.
    package var resultCount = 0
    /// The images of these results.
    package var imageCount = 0
    /// The time that it has spent on them.
    package var evaluationMicroseconds = 0
  }

  private struct Greeter {
    let key: String?
    let connection: Int32?
  }

  /// The time between two rounds, and from the end of a connection to the first.
  package static let roundInterval = Duration.milliseconds(300)
  /// The messages of one portion.
  package static let portionCountMax = 256

  /// The longest evaluation that is believed, a day.
  private static let microsecondsMax = 86_400_000_000

  /// The sessions.
  package private(set) var entries: [WorkerID: Entry] = [:]
  private var counts: [String?: Int] = [:]
  private var greeters = RecentMemory<WorkerID, Greeter>()
  private var roundDeadline: Instant?
  private var lastRoundDue = Instant.start
  private var queue: [WorkerID] = []

  /// Creates a watch over nothing.
  package init() {}

  /// The session of a worker.
  package subscript(worker: WorkerID) -> Entry? { entries[worker] }

  /// A worker asks for a session, which may begin much later, with whatever event.
  package mutating func greet(_ worker: WorkerID, key: String?, connection: Int32?) {
    greeters.set(Greeter(key: key, connection: connection), for: worker)
  }

  /// The key of a worker that has asked for a session, empty without encryption.
  package func greeter(_ worker: WorkerID) -> String { greeters[worker]?.key ?? "" }

  /// A session has begun: it is that of the key which has asked for it.
  package mutating func open(_ worker: WorkerID, label: String, at now: Instant) {
    close(worker)
    let greeter = greeters.remove(worker)
    entries[worker] = Entry(
      label: label, key: greeter?.key, connection: greeter?.connection, heardAt: now)
    counts[greeter?.key, default: 0] += 1
  }

  /// A session has ended.
  package mutating func close(_ worker: WorkerID) {
    guard let entry = entries.removeValue(forKey: worker) else { return }
    let count = (counts[entry.key] ?? 0) - 1
    counts[entry.key] = count > 0 ? count : nil
  }

  /// The sessions that a key has opened.
  package func count(of key: String?) -> Int { counts[key] ?? 0 }

  /// Something has come from a worker; does nothing for one without a session.
  package mutating func hear(
    _ message: Message, from worker: WorkerID, by connection: Int32? = nil, at now: Instant
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

  // MARK: Rounds

  /// When something is to be done next.
  package var nextDeadline: Instant? { queue.isEmpty ? roundDeadline : .start }

  /// Some connection has ended; its session is asked for twice, in case its last messages were
  /// still on their way to us.
  package mutating func connectionEnded(at now: Instant) {
    lastRoundDue = now + Self.roundInterval * 2
    roundDeadline = roundDeadline ?? now + Self.roundInterval
  }

  /// Returns the sessions to ask for now, a portion at a time.
  package mutating func takeProbes(at now: Instant) -> [WorkerID] {
    if let deadline = roundDeadline, deadline <= now {
      roundDeadline = lastRoundDue > now ? now + Self.roundInterval : nil
      let silentSince = now - Self.roundInterval
      let silent = entries.filter { $0.value.heardAt <= silentSince }
      queue = silent.keys.sorted(by: >)
    }
    let portion = queue.suffix(Self.portionCountMax)
    queue.removeLast(portion.count)
    return portion.reversed()
  }
}
