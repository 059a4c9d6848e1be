import Foundation
import ProcessLimits

/// What the program writes: results to standard output, everything else to standard error.
enum Output {
  /// Writes a line about what is going on; a reader who has left costs the line, nothing else.
  static func notify(_ text: String) {
    notifyRaw(text + "\n")
  }

  /// Writes a line with the time before it, for output that is read when the process has ended.
  static func notifyStamped(_ text: String) {
    notify("\(Date.now.formatted(.iso8601)) \(text)")
  }

  /// Writes to standard error without ending the line.
  static func notifyRaw(_ text: String) {
    _ = write(Array(text.utf8), to: STDERR_FILENO)
  }

  /// Writes a line of the result.
  static func result(_ text: String) {
    resultRaw(text + "\n")
  }

  /// Writes a part of the result.
  ///
  /// Without a reader (`elsa front my-run | head -1`) the program ends like other tools: quietly,
  /// by SIGPIPE. Other failures, as of a full disk, end it with 1 and the reason.
  static func resultRaw(_ text: String) {
    let code = write(Array(text.utf8), to: STDOUT_FILENO)
    guard code != 0 else { return }
    if code == EPIPE {
      _ = signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
    }
    notify("elsa: cannot write the result: \(unsafe String(cString: strerror(code)))")
    ProcessEnd.now(status: ExitStatus.failed.rawValue)
  }

  /// Writes a value of the result as JSON with sorted keys.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    result(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Writes a value in JSON on one line.
  static func jsonLine(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    result(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Writes a file, which appears under its name only when it is complete.
  static func write(_ data: Data, to path: String) throws {
    do {
      try data.write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandFailure("cannot write \(path): \(error.localizedDescription)")
    }
  }

  /// Whether standard error is a terminal that a person watches.
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes all bytes and returns zero, or the system's number for what went wrong.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}
