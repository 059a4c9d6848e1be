import WireProtocol
import ZeroMQ

/// A worker's connection to one address of the coordinator, with all that its thread waits for.
struct Transport: ~Copyable {
  private let context: Context
  private let worker: WorkerID
  private let slots: Int
  private let wakeUp: WakeUp
  private var channel: Channel
  /// What was sent last, for the next address.
  private var lastFrame: [UInt8] = []

  /// Begins to connect to `endpoint`.
  init(
    to endpoint: String, of connection: WorkerConnection, as worker: WorkerID, slots: Int,
    wakeUp: WakeUp
  ) throws(ZeroMQError) {
    let context = try Context()
    let channel = try Channel(
      context, to: endpoint, of: connection, as: worker, slots: slots, wakeUp: wakeUp)
    self.context = context
    self.worker = worker
    self.slots = slots
    self.wakeUp = wakeUp
    self.channel = channel
  }

  /// Connects to another address instead.
  ///
  /// What was said to the old one goes first, so that nobody waits for a repetition.
  mutating func reconnect(
    to endpoint: String, of connection: WorkerConnection
  ) throws(ZeroMQError) {
    channel = try Channel(
      context, to: endpoint, of: connection, as: worker, slots: slots, wakeUp: wakeUp)
    if !lastFrame.isEmpty { try send(lastFrame) }
  }

  /// Waits until something has happened; signals of the wake-up so far are forgotten.
  mutating func wait(atMost timeout: Duration) throws(ZeroMQError) {
    try channel.poller.wait(atMost: timeout)
    if channel.poller.isReadable(channel.wakeUpSource) { wakeUp.clear() }
  }

  /// Sends a frame; one that finds no room is lost, as on any bad day of the network.
  mutating func send(_ frame: [UInt8]) throws(ZeroMQError) {
    lastFrame = frame
    _ = try channel.socket.send(frame.span)
  }

  /// Returns the next message that waits.
  borrowing func receive() throws(ZeroMQError) -> ReceivedMessage? {
    try channel.socket.receive(frameCountMax: 1)
  }

  /// Returns what has happened to the connection next.
  borrowing func nextEvent() throws(ZeroMQError) -> ConnectionEvent? {
    try channel.monitor.next()
  }

  /// A socket with what watches it, for one address.
  private struct Channel: ~Copyable {
    let socket: Socket
    let monitor: Monitor
    var poller: Poller
    let wakeUpSource: Poller.Source

    init(
      _ context: borrowing Context, to endpoint: String, of connection: WorkerConnection,
      as worker: WorkerID, slots: Int, wakeUp: WakeUp
    ) throws(ZeroMQError) {
      var options = SocketOptions()
      options.frameSizeMax = WireLimits.frameSizeMax
      options.linger = .seconds(1)
      options.security = connection.security
      options.routingID = RoutingID(bytes: worker.routingIdentity)
      // While there is no connection, heartbeats pile up here and are told all at once later.
      options.sendHighWaterMark = 32 + 4 * slots
      let socket = try Socket(context, kind: .dealer, options: options)
      let monitor = try Monitor(of: socket, in: context)
      var poller = Poller()
      _ = poller.watch(socket)
      _ = poller.watch(monitor.socket)
      let wakeUpSource = poller.watch(wakeUp)
      try socket.connect(endpoint)
      self.socket = socket
      self.monitor = monitor
      self.poller = poller
      self.wakeUpSource = wakeUpSource
    }
  }
}
