import CZeroMQ

/// The libzmq context of a process: its I/O thread and the sockets made from it.
///
/// A process keeps one context for its whole life and generates keys before it makes one
/// (libzmq 4.3.4 closes libsodium's random source whenever a context or a key generation ends).
/// The context ends when it and all its sockets are gone.
package struct Context: ~Copyable {
  let storage: ContextStorage

  /// Creates a context that allows `socketCountMax` sockets.
  ///
  /// - Parameter socketCountMax: libzmq counts sockets, not peers; its own default is 1023.
  package init(socketCountMax: Int = 64) throws(ZeroMQError) {
    precondition((1...65535).contains(socketCountMax))
    self.storage = try ContextStorage(socketCountMax: socketCountMax)
  }
}

@available(*, unavailable)
extension Context: Sendable {}

/// Owns the C context; sockets hold it too, so that it ends after the last of them.
@safe final class ContextStorage {
  private let handle: UnsafeMutableRawPointer

  init(socketCountMax: Int) throws(ZeroMQError) {
    guard let handle = unsafe zmq_ctx_new() else {
      throw ZeroMQError(operation: "create a messaging context")
    }
    unsafe self.handle = unsafe handle
    // An end of the context waits for the linger of each socket instead of for ever.
    guard unsafe zmq_ctx_set(handle, ZMQ_BLOCKY, 0) == 0,
      unsafe zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, Int32(socketCountMax)) == 0
    else { throw ZeroMQError(operation: "set up a messaging context") }
  }

  deinit {
    var result: Int32
    repeat { result = unsafe zmq_ctx_term(handle) } while result == -1 && zmq_errno() == 4
  }

  /// Creates a C socket of this context.
  func makeSocketHandle(_ type: Int32) throws(ZeroMQError) -> UnsafeMutableRawPointer {
    guard let socket = unsafe zmq_socket(handle, type) else {
      throw ZeroMQError(operation: "create a socket")
    }
    return unsafe socket
  }
}
