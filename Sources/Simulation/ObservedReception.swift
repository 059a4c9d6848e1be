import Coordination
import WireProtocol

/// What the checks remember of what has passed between network and coordinator in one life.
struct ObservedReception: Sendable {
  /// A message of a worker.
  struct Hearing: Sendable {
    let order: Int
    let at: Int
    let instant: Instant
    let connection: ConnectionID?
  }

  /// What the coordinator is told now.
  struct Context: Sendable {
    /// Whether it is the time.
    var isTicking = false
    /// The key of the peer whose message it is.
    var peerKey: String?
    /// The workers that have or wait for a session before it.
    var sessionCount = 0
  }

  /// What the holder of a key has caused, of one of two kinds.
  struct Account: Hashable, Sendable {
    let key: String
    let isUrgent: Bool
  }

  /// Counts what happens, to tell what came first.
  private(set) var order = 0
  /// The last message of each worker.
  private(set) var heard: [WorkerID: Hearing] = [:]
  /// When each worker could not be sent to for the last time, and first since it was heard.
  private(set) var unreached: [WorkerID: (order: Int, since: Instant)] = [:]
  /// The workers to which no connection leads, and since when.
  private(set) var disconnectedAt: [WorkerID: Int] = [:]
  /// When the coordinator was last told of a handshake.
  var handshakeAt: Instant?
  /// When the coordinator last had a reason to look for workers that are gone.
  var goneAt: Int?
  /// What a peer that is no worker has sent.
  var exchange: OperatorExchange?
  /// Whether a message is taken that claims the session of another key.
  var isImpostorHeard = false
  /// What is being told.
  var context = Context()
  /// What was told once.
  var texts: Set<String> = []
  /// The notifications that each key has caused and that were told.
  var toldCounts: [Account: Int] = [:]
  /// Those that were not told, by key.
  var leftOutCounts: [String: Int] = [:]
  /// Those of which it was told that they were left out, by key.
  var summedCounts: [String: Int] = [:]
  /// The sessions that the greedy key has opened.
  var greedyCount = 0

  /// Takes note of a message.
  mutating func hear(
    _ worker: WorkerID, by connection: ConnectionID?, at now: Int, instant: Instant
  ) {
    order += 1
    heard[worker] = Hearing(order: order, at: now, instant: instant, connection: connection)
  }

  /// Takes note that a worker could not be sent to.
  mutating func fail(_ worker: WorkerID, at instant: Instant) {
    order += 1
    let heardOrder = heard[worker]?.order ?? 0
    let former = unreached[worker].flatMap { $0.order > heardOrder ? $0.since : nil }
    unreached[worker] = (order, former ?? instant)
  }

  /// Takes note that no connection leads to a worker.
  mutating func disconnect(_ worker: WorkerID, at now: Int) { disconnectedAt[worker] = now }

  /// Takes note that a connection leads to a worker, or that it is known to be gone.
  mutating func reconnect(_ worker: WorkerID) { disconnectedAt[worker] = nil }
}
