import Synchronization

/// A progress line that several threads may show, one at a time.
final class SharedProgress: Sendable {
  private let state: Mutex<ProgressLine>

  /// Shares a line.
  init(_ line: ProgressLine = ProgressLine()) {
    state = Mutex(line)
  }

  /// Shows `done` of `total` steps.
  func show(done: Int, total: Int, unit: String, details: String = "") {
    state.withLock { $0.show(done: done, total: total, unit: unit, details: details) }
  }

  /// Ends the line.
  func finish() {
    state.withLock { $0.finish() }
  }
}
