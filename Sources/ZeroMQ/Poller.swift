import CZeroMQ
import Glibc

/// Waits until one of several sockets or wake-ups has something to read.
@safe package struct Poller: ~Copyable {
  /// The place of a watched source.
  package struct Source: Hashable, Sendable {
    fileprivate let index: Int
  }

  private var items: [zmq_pollitem_t] = unsafe []
  private var sockets: [SocketStorage] = []
  private var wakeUps: [WakeUp] = []

  /// Creates a poller that watches nothing.
  package init() {}

  /// Watches a socket, and keeps it open as long as the poller lives.
  package mutating func watch(_ socket: borrowing Socket) -> Source {
    sockets.append(socket.storage)
    var item = unsafe zmq_pollitem_t()
    unsafe item.socket = unsafe socket.storage.handle
    unsafe item.events = Int16(ZMQ_POLLIN)
    unsafe items.append(item)
    return Source(index: unsafe items.count - 1)
  }

  /// Watches a wake-up.
  package mutating func watch(_ wakeUp: WakeUp) -> Source {
    wakeUps.append(wakeUp)
    var item = unsafe zmq_pollitem_t()
    unsafe item.fd = wakeUp.descriptor
    unsafe item.events = Int16(ZMQ_POLLIN)
    unsafe items.append(item)
    return Source(index: unsafe items.count - 1)
  }

  /// Waits at most `timeout`, rounded up to milliseconds; a signal may end the wait early.
  package mutating func wait(atMost timeout: Duration) throws(ZeroMQError) {
    let count = unsafe Int32(items.count)
    let result = unsafe zmq_poll(&items, count, Int(timeout.milliseconds))
    if result >= 0 { return }
    for index in unsafe items.indices { unsafe items[index].revents = 0 }
    guard zmq_errno() == EINTR else { throw ZeroMQError(operation: "wait for messages") }
  }

  /// Whether `source` had something to read at the end of the last wait.
  package borrowing func isReadable(_ source: Source) -> Bool {
    unsafe items[source.index].revents & Int16(ZMQ_POLLIN) != 0
  }
}

@available(*, unavailable)
extension Poller: Sendable {}
