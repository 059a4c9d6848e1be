import Foundation
import RunStorage
import Synchronization

/// How far a coordinator is that prepares its run and cannot be reached yet: a small file in the
/// run directory, for `elsa status`.
package struct Preparation: Codable {
  /// The coordinator's process.
  var processID = ProcessInfo.processInfo.processIdentifier
  /// The coordinator's machine.
  var host = ProcessInfo.processInfo.hostName
  /// When the preparation has begun.
  package var startedAt = Date()
  /// What is being done, as in `layers pruned`.
  package var what: String
  /// The steps done.
  package var done = 0
  /// The steps of it; zero where they are not counted.
  package var total = 0

  /// Returns what a run directory says, or `nil` if nothing is being prepared there.
  package static func read(in directory: RunDirectory) -> Preparation? {
    guard let content = FileManager.default.contents(atPath: directory.preparation) else {
      return nil
    }
    // A file of another version says as much as none.
    return try? JSONDecoder().decode(Preparation.self, from: content)
  }
}

/// Keeps the file of ``Preparation`` while this process prepares a run.
package final class PreparationLog: Sendable {
  private static let interval = Duration.seconds(1)

  private struct State {
    var directory: RunDirectory?
    var content = Preparation(what: "inputs read")
    var writtenAt: ContinuousClock.Instant?
  }

  private let state: Mutex<State>

  /// Begins to keep the file of a run.
  package init(in directory: RunDirectory) {
    state = Mutex(State(directory: directory))
    state.withLock { Self.write(&$0) }
  }

  /// Returns an observer that writes progress down before it tells another one.
  package func listening(before observer: WorkObserver) -> WorkObserver {
    var listening = observer
    listening.progressed = { [self] done, total, unit in
      show(done: done, total: total, unit: unit)
      observer.progressed(done, total, unit)
    }
    return listening
  }

  private func show(done: Int, total: Int, unit: String) {
    state.withLock { state in
      guard state.directory != nil else { return }
      let isNew = state.content.what != unit
      state.content.what = unit
      state.content.done = done
      state.content.total = total
      let isDue = state.writtenAt.map { ContinuousClock.now - $0 >= Self.interval } ?? true
      if isNew || isDue { Self.write(&state) }
    }
  }

  /// Removes the file: the run is prepared, or will not be.
  package func end() {
    state.withLock { state in
      if let directory = state.directory { unsafe unlink(directory.preparation) }
      state.directory = nil
    }
  }

  /// Writes the file; a run that cannot be watched is prepared all the same.
  private static func write(_ state: inout State) {
    guard let directory = state.directory else { return }
    state.writtenAt = .now
    guard let content = try? JSONEncoder().encode(state.content) else { return }
    try? content.write(to: URL(filePath: directory.preparation), options: .atomic)
  }
}
