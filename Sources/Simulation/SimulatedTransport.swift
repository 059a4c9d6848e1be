import Coordination
import WireProtocol

/// The sockets of a coordinator's process: the connections that lead to workers, and what has come
/// and was not taken up by the process's loop.
struct SimulatedTransport: Sendable {
  /// A connection as the coordinator's side knows it.
  struct Link: Sendable {
    /// Its number, which no other connection has had.
    let connection: ConnectionID
    /// Whether the coordinator ends it soon; what still comes by it is ignored.
    var isEnding = false
    /// Whether something has come by it.
    var hasSpoken = false
  }

  /// The connections by the session that they lead to.
  private(set) var links: [WorkerID: Link] = [:]
  /// Until when the loop does nothing.
  var busyUntil = 0
  private var owners: [ConnectionID: WorkerID] = [:]
  private var number: Int32
  private var arrivals: [Arrival] = []
  private var readCount = 0
  private var connectionEvents: [Reception.Event] = []
  private var outcomes: [Reception.Event] = []
  private var requests: [Reception.Event] = []

  /// Creates the sockets of a process without connections, whose numbers follow those of another.
  init(after other: SimulatedTransport? = nil) {
    number = other?.number ?? 0
  }

  // MARK: Connections

  /// Connects the worker of a session, whose former connection is forgotten.
  mutating func connect(_ worker: WorkerID) {
    disconnect(worker)
    number += 1
    links[worker] = Link(connection: ConnectionID(number))
    owners[ConnectionID(number)] = worker
  }

  /// Ends the connection of a session.
  mutating func disconnect(_ worker: WorkerID) {
    if let link = links.removeValue(forKey: worker) { owners[link.connection] = nil }
  }

  /// The session to which a connection leads, if it stands.
  func worker(of connection: ConnectionID) -> WorkerID? { owners[connection] }

  /// Takes note that something has come by a connection; returns whether it counts.
  mutating func hear(_ worker: WorkerID) -> Bool {
    links[worker]?.hasSpoken = true
    return links[worker]?.isEnding == false
  }

  /// Takes note that a connection is about to end; returns whether that is new.
  mutating func beginEnd(of worker: WorkerID) -> Bool {
    guard links[worker]?.isEnding == false else { return false }
    links[worker]?.isEnding = true
    return true
  }

  // MARK: What waits for the loop

  /// Whether something waits.
  var hasWaiting: Bool {
    hasArrivals || !(connectionEvents.isEmpty && outcomes.isEmpty && requests.isEmpty)
  }

  /// Whether messages wait.
  var hasArrivals: Bool { readCount < arrivals.count }

  /// The sessions of which messages wait.
  var waitingSenders: [WorkerID] {
    arrivals[readCount...].compactMap { WorkerID(routingIdentity: $0.peer.identity) }
  }

  /// Adds a message.
  mutating func add(_ arrival: Arrival) { arrivals.append(arrival) }

  /// Removes and returns the message that has waited longest.
  mutating func takeArrival() -> Arrival? {
    guard hasArrivals else {
      arrivals.removeAll(keepingCapacity: true)
      readCount = 0
      return nil
    }
    defer { readCount += 1 }
    return arrivals[readCount]
  }

  /// Keeps an event until the loop takes it up.
  mutating func add(_ event: Reception.Event) {
    switch event {
    case .handshakeSeen, .connectionEnded, .keptOut: connectionEvents.append(event)
    case .coordinator(.persisted), .coordinator(.persistFailed), .coordinator(.storageRecovered),
      .coordinator(.proposed):
      outcomes.append(event)
    default: requests.append(event)
    }
  }

  /// Removes and returns what is taken up before messages.
  mutating func takeEarlyEvents() -> [Reception.Event] {
    defer { (connectionEvents, outcomes) = ([], []) }
    return connectionEvents + outcomes
  }

  /// Removes and returns what is taken up after messages.
  mutating func takeLateEvents() -> [Reception.Event] {
    defer { requests = [] }
    return requests
  }
}
