import CZeroMQ
import Glibc

/// A TCP connection of libzmq's, known by its descriptor: what the kernel counts, and its end.
///
/// libzmq 4.3.4 bounds neither the frames of a message nor the connections of a socket, and closes
/// no connection on demand. It tells the descriptors, though (`ZMQ_SRCFD`, monitor events), and a
/// connection that is shut down ends for libzmq as if its peer had left: what came of an unfinished
/// message is freed. A descriptor may have become that of another file or connection meanwhile: the
/// inode tells, then a look fails and an end does nothing.
package struct Connection: Hashable, Sendable {
  /// What the kernel has counted.
  package struct Traffic: Hashable, Sendable {
    /// The bytes that have arrived.
    package var receivedBytes: UInt64
    /// The bytes that were sent and have arrived at the peer.
    package var acknowledgedBytes: UInt64

    /// Creates counts.
    package init(receivedBytes: UInt64, acknowledgedBytes: UInt64) {
      self.receivedBytes = receivedBytes
      self.acknowledgedBytes = acknowledgedBytes
    }
  }

  package let descriptor: Int32
  /// The inode of the socket, which no other open one of this machine has.
  package let inode: UInt64

  /// Where `struct tcp_info` of Linux has `tcpi_bytes_acked`, which `tcpi_bytes_received` follows.
  private static let acknowledgedOffset = 120

  /// Creates the description of a connection whose inode is known.
  package init(descriptor: Int32, inode: UInt64) {
    self.descriptor = descriptor
    self.inode = inode
  }

  /// Creates the description of what a descriptor stands for now.
  package init(descriptor: Int32) {
    self.init(descriptor: descriptor, inode: Self.inode(of: descriptor))
  }

  /// Whether the descriptor still stands for this connection.
  private var isCurrent: Bool { Self.inode(of: descriptor) == inode }

  private static func inode(of descriptor: Int32) -> UInt64 {
    var status = stat()
    return unsafe fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : 0
  }

  /// Returns what the kernel has counted, or `nil` if the descriptor is no TCP connection (any
  /// more) or this kernel does not count.
  package var traffic: Traffic? {
    guard isCurrent else { return nil }
    var info = [UInt64](repeating: 0, count: 32)
    var size = socklen_t(info.count * 8)
    guard unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size) == 0 else {
      return nil
    }
    let index = Self.acknowledgedOffset / 8
    guard size >= (index + 2) * 8 else { return nil }
    return Traffic(receivedBytes: info[index + 1], acknowledgedBytes: info[index])
  }

  /// Returns to the system what libzmq has freed in small pieces.
  package static func returnFreedMemory() { malloc_trim(0) }

  /// Ends the connection; libzmq closes the descriptor.
  package func shutDown() {
    guard isCurrent else { return }
    // Whatever is the matter, the connection is not one any more.
    _ = shutdown(descriptor, Int32(SHUT_RDWR))
  }

  /// Lets a listening socket take connections, or has the kernel drop every attempt: peers try
  /// again, and nothing has to be accepted to be closed.
  ///
  /// - Returns: whether the kernel has done so.
  @discardableResult
  package func takesNewcomers(_ isOpen: Bool) -> Bool {
    if isOpen {
      var unused: Int32 = 0
      return unsafe setsockopt(descriptor, SOL_SOCKET, SO_DETACH_FILTER, &unused, 4) == 0
    }
    // One instruction: accept no byte of any segment.
    var instruction = sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: 0)
    return unsafe withUnsafeMutablePointer(to: &instruction) { pointer in
      var program = unsafe sock_fprog(len: 1, filter: pointer)
      let size = unsafe socklen_t(MemoryLayout<sock_fprog>.size)
      return unsafe setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, size) == 0
    }
  }
}
