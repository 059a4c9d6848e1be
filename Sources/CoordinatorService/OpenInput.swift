import Coordination
import Glibc
import SparsityCore
import WireProtocol

/// A served file, open for as long as the coordinator runs.
///
/// It stays the same file if another one takes its name.
final class OpenInput: Sendable {
  /// What the file is for.
  let role: InputRole
  /// The path under which it was opened.
  let path: String
  /// The bytes.
  let size: Int
  private let descriptor: Int32

  /// Opens a file.
  init(_ input: ServedInput) throws(CoordinatorServiceError) {
    role = input.role
    path = input.path
    descriptor = unsafe open(input.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var status = stat()
    guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0 else {
      throw .unreadableInput(path: path, reason: unsafe String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .unreadableInput(path: path, reason: "it is no regular file")
    }
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Returns `count` bytes from `offset` on, or an explanation why there are fewer.
  func read(count: Int, at offset: Int) -> Result<[UInt8], UnreadableRange> {
    var filled = 0
    var reason: String?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      while filled < count {
        let result = unsafe pread(
          descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled,
          off_t(offset + filled))
        if result < 0, errno == EINTR { continue }
        if result < 0 { reason = unsafe String(cString: strerror(errno)) }
        guard result > 0 else { break }
        filled += result
      }
      initializedCount = filled
    }
    guard filled == count else {
      return .failure(UnreadableRange(diagnostic: "\(path): \(reason ?? "it has become shorter")"))
    }
    return .success(bytes)
  }
}

/// Why a part of a file cannot be read.
struct UnreadableRange: Error {
  let diagnostic: String
}
