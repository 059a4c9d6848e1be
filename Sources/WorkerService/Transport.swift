import WireProtocol
import ZeroMQ

/// A worker's connection to one address of the coordinator, with all that its thread waits for.
struct Transport: ~Copyable {
  private let socket: Socket
  private let monitor: Monitor
  private var poller: Poller
  private let wakeUp: WakeUp
  private let wakeUpSource: Poller.Source

  /// Begins to connect to `endpoint`.
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
    self.wakeUp = wakeUp
    self.wakeUpSource = wakeUpSource
  }

  /// Waits until something has happened; signals of the wake-up so far are forgotten.
  mutating func wait(atMost timeout: Duration) throws(ZeroMQError) {
    try poller.wait(atMost: timeout)
    if poller.isReadable(wakeUpSource) { wakeUp.clear() }
  }

  /// Sends a frame; one that finds no room is lost, as on any bad day of the network.
  borrowing func send(_ frame: [UInt8]) throws(ZeroMQError) {
    _ = try socket.send(frame.span)
  }

  /// Returns the next message that waits.
  borrowing func receive() throws(ZeroMQError) -> ReceivedMessage? {
    try socket.receive(frameCountMax: 1)
  }

  /// Returns what has happened to the connection next.
  borrowing func nextEvent() throws(ZeroMQError) -> ConnectionEvent? {
    try monitor.next()
  }
}
