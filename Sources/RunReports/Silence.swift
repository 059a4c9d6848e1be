import Foundation
import RunPreparation
import RunStorage

/// What can be said of a coordinator that has not answered.
package enum Silence {
  /// It prepares the run.
  case preparing(RunReport.Preparing)
  /// It holds the run and does not answer, or may do so on a machine that cannot be looked at.
  case notAnswering(since: Date?, holder: String)
  /// There is none.
  case absent

  /// Whether there is no coordinator.
  package var isAbsent: Bool {
    if case .absent = self { true } else { false }
  }

  /// Looks at a run directory.
  ///
  /// - Parameter answeredAt: When the coordinator has last answered, if it has.
  package init(in directory: RunDirectory, answeredAt: Date?, at now: Date) throws {
    if let holder = try directory.lockHolder() {
      if let preparation = Preparation.read(in: directory) {
        self = .preparing(RunReport.Preparing(preparation, at: now))
      } else {
        self = .notAnswering(since: answeredAt ?? Self.lastSign(in: directory), holder: holder)
      }
      return
    }
    guard let file = try? ConnectionFile(path: directory.connectionFilePath),
      file.host != ProcessInfo.processInfo.hostName
    else {
      self = .absent
      return
    }
    // Locks are not seen from other machines on every file system.
    self = .notAnswering(
      since: answeredAt ?? Self.lastSign(in: directory),
      holder: "process \(file.processID) on \(file.host), as far as can be told from here")
  }

  /// When the coordinator has last written something.
  private static func lastSign(in directory: RunDirectory) -> Date? {
    let paths = [
      directory.logPath, directory.journalPath, directory.journalPath + "-wal",
      directory.connectionFilePath,
    ]
    return paths.compactMap { path in
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }.max()
  }
}
