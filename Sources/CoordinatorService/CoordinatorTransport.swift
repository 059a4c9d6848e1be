import Coordination
import WireProtocol
import ZeroMQ

/// All sockets of a coordinator, and what is known of the connections to them.
///
/// It belongs to the thread of the coordinator's loop. What has to happen to peers is the
/// ``Reception``'s business; what connections may hold of memory, the ``ConnectionGuard``'s.
struct CoordinatorTransport: ~Copyable {
  /// A message that has come, or that nothing counts of it.
  enum Received {
    case message(Arrival)
    /// It has come by a connection that is about to end.
    case ignored
  }

  /// The connection events taken before effects of other sources get their turn.
  private static let eventCountMax = 512
  /// The time between two looks at all connections, unless there are too many.
  private static let lookInterval = Duration.milliseconds(100)

  private let socket: Socket
  private var authenticator: Authenticator
  private let monitor: Monitor
  private let connections: ConnectionGuard
  private let wakeUp: WakeUp
  private var poller = Poller()
  private let socketSource: Poller.Source
  private let wakeUpSource: Poller.Source
  private let monitorSource: Poller.Source
  private var gate = NewcomerGate()
  private var lookDeadline = Instant.start
  private var counts = TransportCounters()

  /// Takes over sockets, and `wakeUp`, by which other threads end a wait.
  init(
    socket: consuming Socket, authenticator: consuming Authenticator, monitor: consuming Monitor,
    connections: ConnectionGuard, wakeUp: WakeUp
  ) {
    socketSource = poller.watch(socket)
    wakeUpSource = poller.watch(wakeUp)
    _ = poller.watch(authenticator.socket)
    monitorSource = poller.watch(monitor.socket)
    self.socket = socket
    self.authenticator = authenticator
    self.monitor = monitor
    self.connections = connections
    self.wakeUp = wakeUp
  }

  deinit { connections.finish() }

  /// What was seen so far.
  var counters: TransportCounters {
    var counters = counts
    counters.refusedConnections = authenticator.refusedCount
    return counters
  }

  /// Waits until something has come, or another thread has something.
  mutating func wait(atMost timeout: Duration) throws(ZeroMQError) {
    try poller.wait(atMost: timeout)
    if poller.isReadable(wakeUpSource) { wakeUp.clear() }
  }

  // MARK: Messages

  /// Whether a message had come when the last wait ended.
  var isReadable: Bool { poller.isReadable(socketSource) }

  /// Takes a message, or returns `nil` if none is left.
  mutating func receive() throws(ZeroMQError) -> Received? {
    guard let message = try socket.receive(frameCountMax: 1) else {
      connections.tell { table, _ in table.recordDrained() }
      return nil
    }
    counts.received += 1
    if let connection = message.connection {
      let isCounted = connections.tell { table, _ in
        table.hear(connection, key: message.userID, wireSize: message.wireSize)
      }
      guard isCounted else {
        counts.refusedMessages += 1
        return .ignored
      }
    }
    let peer = Peer(
      identity: message.sender?.bytes ?? [], key: message.userID, address: message.peerAddress,
      connection: message.connection.map { ConnectionID($0) })
    return .message(Arrival(from: peer, frames: message.frames, isTruncated: message.isTruncated))
  }

  /// Sends a frame to the peer of an identity; returns whether a connection leads there.
  mutating func send(
    _ frame: [UInt8], to identity: [UInt8], by connection: ConnectionID? = nil
  ) throws(ZeroMQError) -> Bool {
    guard let peer = RoutingID(bytes: identity) else {
      preconditionFailure("an identity has some bytes, and not too many")
    }
    let outcome = try socket.send(frame.span, to: peer)
    counts.count(outcome)
    if outcome == .sent, let connection {
      let size = Socket.wireSize(of: frame.count)
      connections.tell { table, _ in table.send(connection.rawValue, wireSize: size) }
    }
    return outcome != .unreachable
  }

  // MARK: Connections

  /// Lets peers with these keys connect.
  mutating func allow(_ keys: Set<CurvePublicKey>) { authenticator.allowedKeys = keys }

  /// Answers the questions of libzmq whom to let in, and takes in what it tells of connections.
  mutating func takeConnectionEvents() throws(ZeroMQError) -> [Reception.Event] {
    try authenticator.serve()
    var events = authenticator.takeRefusedAddresses().map { Reception.Event.keptOut(address: $0) }
    guard poller.isReadable(monitorSource) else { return events }
    for _ in 0..<Self.eventCountMax {
      guard let event = try monitor.next() else { break }
      if let event = take(event) { events.append(event) }
    }
    return events
  }

  private mutating func take(_ event: ConnectionEvent) -> Reception.Event? {
    switch event {
    case .connected, .ready: return .handshakeSeen
    case .listening(let descriptor): gate.listener = descriptor
    case .accepted(let descriptor): connections.opened(descriptor)
    case .disconnected(let descriptor):
      connections.tell { table, _ in table.close(descriptor) }
      return .connectionEnded
    case .refused(.keyNotAllowed): break
    case .refused: counts.failedHandshakes += 1
    case .acceptFailed: counts.failedAccepts += 1
    }
    return nil
  }

  /// Ends a connection as soon as its peer had time to read what it was sent.
  func end(_ connection: ConnectionID) {
    connections.tell { table, now in table.refuse(connection.rawValue, at: now) }
  }

  /// Ends the connections of all peers that have shown other keys.
  func endAll(but keys: PeerKeys) {
    connections.tell { table, now in
      table.refuse(allBut: { $0.map(keys.allows) ?? false }, at: now)
    }
  }

  /// Ends the connections that have to end, and lets newcomers wait while there are too many;
  /// returns what was ended since the last call, and what has to be told of newcomers.
  mutating func endConnections(at now: Instant) -> (cut: [ConnectionTable.Ending], Notice?) {
    guard lookDeadline <= now || connections.tell({ table, _ in table.isCrowded }) else {
      return ([], nil)
    }
    lookDeadline = now + Self.lookInterval
    let cut = connections.takeEndings()
    counts.endedConnections += cut.count
    return (cut, gate.update(isFull: connections.tell { table, _ in table.isFull }))
  }
}

/// Lets newcomers wait in the kernel while there is no room for them.
struct NewcomerGate {
  /// The descriptor that newcomers come to, once it is known.
  var listener: Int32?
  private var isClosed = false

  /// Opens or closes the gate, and returns what is to be told if that has changed anything.
  mutating func update(isFull: Bool) -> Notice? {
    guard isFull != isClosed, let listener,
      Connection(descriptor: listener).takesNewcomers(!isFull)
    else { return nil }
    isClosed = isFull
    return isFull
      ? .warning(
        "too many connections: newcomers wait until one ends; raise the limit (ulimit -n)")
      : Notice("there is room for connections again", urgency: .information)
  }
}
