import Coordination
import CoordinatorService
import Dispatch
import Foundation
import SparsityCore
import Synchronization
import WireProtocol
import WorkerService

/// Workers in one process that fetch the inputs of a run at once, each into a cache of its own, and
/// leave.
package struct InputLoad: Sendable {
  /// The coordinator's connection file.
  package let connectionFile: String
  /// The workers.
  package let count: Int
  /// Where the caches lie meanwhile.
  package let folder: String

  /// The files that a benchmark serves: the model is large, the others are not.
  static let otherSize = 100

  package init(connectionFile: String, count: Int, folder: String) {
    precondition(count > 0)
    self.connectionFile = connectionFile
    self.count = count
    self.folder = folder
  }

  /// Fetches with all workers and returns the seconds that the slowest took.
  ///
  /// - Throws: ``CoordinatorBenchmarkError`` if one of them could not fetch.
  package func run() throws -> Double {
    let durations = Mutex<[Duration]>([])
    let failures = Mutex<[String]>([])
    let ended = DispatchSemaphore(value: 0)
    for index in 0..<count {
      var settings = InputSettings(
        cache: InputCache(folder: "\(folder)/cache-\(index)", sizeMax: .max))
      settings.usesSharedFiles = false
      settings.report = { report in
        guard case .fetched(.model, _, _, _, let duration) = report else { return }
        durations.withLock { $0.append(duration) }
      }
      var configuration = WorkerConfiguration(
        connection: .file(path: connectionFile),
        settings: .newSession(
          label: "fetch-\(index)", build: "benchmark", offers: [EmptyRun.offer]))
      configuration.allowsPlainText = true
      let thread = Thread { [settings, configuration] in
        defer { ended.signal() }
        do {
          let outcome = try runWorker(configuration) { description, channel in
            _ = try InputFetcher(channel: channel, settings: settings).files(of: description)
            throw Fetched()
          }
          guard outcome.diagnostic.contains(Fetched.diagnostic) else {
            failures.withLock { $0.append(outcome.diagnostic) }
            return
          }
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
      thread.start()
    }
    for _ in 0..<count { ended.wait() }
    if let diagnostic = failures.withLock({ $0.first }) {
      throw CoordinatorBenchmarkError.workerFailed(diagnostic: diagnostic)
    }
    return durations.withLock { $0.max() ?? .zero } / .seconds(1)
  }

  /// Ends a worker that has all that it came for.
  private struct Fetched: Error, CustomStringConvertible {
    static let diagnostic = "everything is fetched"
    var description: String { Self.diagnostic }
  }

  /// Writes files to be served into a folder: a model of so many bytes, and small others.
  package static func writeInputs(modelSize: Int, to folder: String) throws -> [ServedInput] {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var generator = SeededGenerator(seed: 1)
    return try [
      (InputRole.model, modelSize), (.configuration, otherSize), (.data, otherSize),
    ].map { role, size in
      let path = "\(folder)/input-\(role.rawValue)"
      var bytes: [UInt8] = []
      bytes.reserveCapacity(size + 8)
      while bytes.count < size {
        let word = generator.next()
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * UInt64(shift)))) }
      }
      try Data(bytes.prefix(size)).write(to: URL(filePath: path))
      return ServedInput(role: role, path: path)
    }
  }
}
