import Foundation
import TestSupport

/// The built program, run as a user runs it.
struct Program {
  /// The program's file, which lies beside the test runner's.
  static let path: String = {
    let runner = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let folders = [
      runner.deletingLastPathComponent(),
      URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent(),
    ]
    let candidates = folders.map { $0.appending(path: "elsa").path(percentEncoded: false) }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? candidates[0]
  }()

  /// Where programs of this test process keep what may be computed again.
  static let cacheHome = TestCache()

  /// Runs the program to its end, with some environment variables set, or taken away by `nil`.
  static func run(
    _ arguments: [String], in folder: String? = nil, environment: [String: String?] = [:]
  ) throws -> RunningProcess.Ending {
    try start(arguments, in: folder, environment: environment).ending()
  }

  /// Starts the program, or another one with the same cache, with some environment variables set,
  /// or taken away by `nil`.
  static func start(
    _ arguments: [String], in folder: String? = nil, environment: [String: String?] = [:],
    program: String = path, standardOutput: FileHandle? = nil, standardError: FileHandle? = nil
  ) throws -> RunningProcess {
    var variables = ProcessInfo.processInfo.environment
    variables["XDG_CACHE_HOME"] = cacheHome.path
    for (name, value) in environment { variables[name] = value }
    return try RunningProcess(
      program, arguments, in: folder, environment: variables, standardOutput: standardOutput,
      standardError: standardError)
  }
}

/// A folder in place of the user's cache; it goes when the tests' process ends.
final class TestCache: Sendable {
  let path = FileManager.default.temporaryDirectory
    .appending(path: "elsa-cache-\(ProcessInfo.processInfo.processIdentifier)").path

  init() {
    atexit { try? FileManager.default.removeItem(atPath: Program.cacheHome.path) }
  }
}
