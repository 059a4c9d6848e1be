import Coordination
import WireProtocol

/// Hands out in portions what the ``InputThread`` has read for workers.
struct InputServer {
  /// The chunks that are sent in one turn, after everything else was dealt with.
  private static let countMax = 16
  /// The chunks that are sent in a turn in which leases and results come in.
  private static let countMaxBesideMessages = 4
  /// The time between two looks for questions of workers that are gone.
  private static let pruneInterval = Duration.seconds(1)

  private let thread: InputThread
  private var pruneDeadline = Instant.start
  /// Whether more is ready than was handed out.
  private(set) var hasMore = false

  init(_ thread: InputThread) { self.thread = thread }

  /// Takes the question of a worker whose session a key has opened.
  func take(_ message: InputMessage, from worker: WorkerID, key: String?) {
    thread.take(message, from: worker, key: key)
  }

  /// Returns a few of the answers that are ready.
  mutating func takeAnswers(besideMessages: Bool) -> [InputThread.Answer] {
    let countMax = besideMessages ? Self.countMaxBesideMessages : Self.countMax
    let (answers, hasMore) = thread.takeAnswers(countMax: countMax)
    self.hasMore = hasMore
    return answers
  }

  /// Forgets the questions of workers that are gone, now and then.
  mutating func prune(at now: Instant, isKnown: (WorkerID) -> Bool) {
    guard pruneDeadline <= now else { return }
    pruneDeadline = now + Self.pruneInterval
    thread.prune(isKnown: isKnown)
  }
}
