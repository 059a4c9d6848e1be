import Synchronization

/// A progress line that several threads may show, one at a time.
final class SharedProgress: Sendable {
  private let state: Mutex<ProgressLine>

  /// Shares a line; off a terminal, where the first line comes late, `work` says at once what
  /// begins.
  init(_ work: String? = nil) {
    state = Mutex(ProgressLine())
    if let work, !Output.isTerminal { Output.notify(work) }
  }

  /// Shows `done` of `total` steps.
  func show(done: Int, total: Int, unit: String, details: [String] = []) {
    state.withLock { $0.show(done: done, total: total, unit: unit, details: details) }
  }

  /// Ends the line.
  func finish() {
    state.withLock { $0.finish() }
  }
}
