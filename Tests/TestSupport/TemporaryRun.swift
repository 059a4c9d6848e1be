import Foundation
import RunStorage
import Testing

/// A run directory of its own, which a test or what it tests creates; it is removed with the value.
package final class TemporaryRun: Sendable {
  /// The run directory.
  package let directory = RunDirectory(
    path: FileManager.default.temporaryDirectory.path + "/elsa-run-\(UUID().uuidString)")

  /// Chooses a directory that is not there.
  package init() {}

  deinit {
    guard FileManager.default.fileExists(atPath: directory.path) else { return }
    do { try FileManager.default.removeItem(atPath: directory.path) } catch {
      Issue.record("\(error)")
    }
  }
}
