import RunStorage
import ZeroMQ

/// The coordinator's own key, which nobody was given, and how a worker with it comes.
package struct Auditor: Sendable {
  /// Starts a worker that finds the coordinator by the connection file's content.
  package typealias Start = @Sendable (ConnectionFile, CurveKeyPair) throws -> any AuditorProcess

  package var keys: CurveKeyPair
  /// Starts a worker when one is needed; `nil` if the coordinator's owner has started all workers
  /// with the key, so that these decide.
  package var start: Start?

  /// Creates the description of a key.
  package init(keys: CurveKeyPair, start: Start? = nil) {
    self.keys = keys
    self.start = start
  }
}

/// A worker that the coordinator has started.
package protocol AuditorProcess {
  /// How it has ended, as text, or `nil` while it runs.
  var departure: String? { get }
  /// Ends it and waits for that.
  func end()
}

/// Starts the coordinator's own worker once, and looks after it.
struct AuditorKeeper {
  private let auditor: Auditor?
  private var process: (any AuditorProcess)?
  private var failure: String?

  /// Creates a keeper that has started nothing.
  init(_ auditor: Auditor?) {
    self.auditor = auditor
  }

  /// Starts the worker; ``takeFailure()`` tells if it could not be.
  mutating func start(at connection: ConnectionFile) {
    guard let auditor, let start = auditor.start else {
      failure = "the coordinator has none"
      return
    }
    do {
      process = try start(connection, auditor.keys)
    } catch {
      failure = "\(error)"
    }
  }

  /// Returns as text why the worker could not be started or has ended too early, once.
  mutating func takeFailure() -> String? {
    guard let diagnostic = failure ?? process?.departure else { return nil }
    (process, failure) = (nil, nil)
    return diagnostic
  }

  /// Ends the worker if there is one.
  mutating func end() {
    process?.end()
    process = nil
  }
}
