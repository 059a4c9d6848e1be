import CZeroMQ
import Glibc

/// Lets any thread, or a signal handler, end the wait of the thread that polls.
///
/// Sockets belong to one thread; this is how the others reach it (an `eventfd` of Linux).
package final class WakeUp: Sendable {
  let descriptor: Int32

  /// Creates a wake-up that is not signalled.
  package init() throws(ZeroMQError) {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    guard descriptor >= 0 else { throw .tooManyOpenFiles(operation: "create a wake-up") }
  }

  deinit { close(descriptor) }

  /// Ends the current or next wait of the poller that watches this; safe in a signal handler.
  package func signal() {
    var one: UInt64 = 1
    // The only possible failure is a counter at its limit, which is signalled already.
    _ = unsafe write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  /// Forgets the signals so far; the polling thread calls it before it looks for what to do.
  package func clear() {
    var count: UInt64 = 0
    _ = unsafe read(descriptor, &count, MemoryLayout<UInt64>.size)
  }
}
