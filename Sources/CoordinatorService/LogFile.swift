import Foundation
import Logging
import SparsityCore
import Synchronization
import WireProtocol

/// The coordinator's log: files of bounded size in the run directory, for their owner alone.
///
/// The first full file becomes `elsa.log.1` and is kept: it tells how a run began, which a flood of
/// lines must not push out. Later ones become `elsa.log.2`, each in the place of the one before. A
/// log that cannot be written costs the log, never the run; it is opened again as soon as that is
/// possible, and says then how many lines are missing.
package final class LogFile: Sendable {
  private struct State {
    var descriptor: Int32
    var size: Int
    /// The lines that were lost since the last one that was written.
    var lostCount = 0
  }

  private let path: String
  private let sizeMax: Int
  private let state: Mutex<State>

  /// Opens or creates a log.
  package init(path: String, sizeMax: Int) {
    precondition(sizeMax > 0)
    self.path = path
    self.sizeMax = sizeMax
    state = Mutex(Self.open(path))
  }

  deinit {
    state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } }
  }

  private static func open(_ path: String) -> State {
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW
    let descriptor = unsafe Glibc.open(path, flags, 0o600)
    guard descriptor >= 0 else { return State(descriptor: -1, size: 0) }
    return State(descriptor: descriptor, size: max(0, Int(lseek(descriptor, 0, SEEK_END))))
  }

  /// Adds a line.
  package func append(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    state.withLock { state in
      if state.size > 0, state.size + bytes.count > sizeMax {
        // A file that cannot be moved is full: its bound holds, and what it says stays.
        guard moveAside() else {
          state.lostCount += 1
          return
        }
        if state.descriptor >= 0 { close(state.descriptor) }
        state.descriptor = -1
      }
      open(&state)
      if state.descriptor < 0 || !Self.write(bytes, &state) { state.lostCount += 1 }
    }
  }

  /// Gives the full file its name among the older ones; returns whether that was possible.
  private func moveAside() -> Bool {
    var status = stat()
    let isFirst = unsafe lstat(path + ".1", &status) != 0 && errno == ENOENT
    // A file that is gone already is out of the way.
    return unsafe rename(path, path + (isFirst ? ".1" : ".2")) == 0 || errno == ENOENT
  }

  /// Opens the file, again after a failure, and notes what is missing.
  private func open(_ state: inout State) {
    if state.descriptor < 0 {
      let lostCount = state.lostCount
      state = Self.open(path)
      state.lostCount = lostCount
    }
    guard state.lostCount > 0, state.descriptor >= 0 else { return }
    let line = Array("(\(counted(state.lostCount, "line")) could not be written here)\n".utf8)
    if Self.write(line, &state) { state.lostCount = 0 }
  }

  /// Writes a line; returns whether all of it was written.
  private static func write(_ bytes: [UInt8], _ state: inout State) -> Bool {
    let count = max(0, unsafe Glibc.write(state.descriptor, bytes, bytes.count))
    state.size += count
    return count == bytes.count
  }
}

/// Writes log messages into a ``LogFile``, one a line, with the wall clock's time for users.
struct LogFileHandler: LogHandler {
  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]
  private let file: LogFile

  init(file: LogFile) {
    self.file = file
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    // Peers' texts come without control characters; names of files may have some.
    let message = "\(event.message)".replacing("\n", with: " ").withControlsWrittenOut
    file.append("\(time) \(event.level.rawValue) \(message)")
  }
}
