import Foundation
import Testing

/// The built program, run as a user runs it.
struct Program {
  /// What a finished run of the program left.
  struct Ending {
    let status: Int32
    let output: String
    let errors: String

    /// The output read as a JSON object.
    func json() throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    /// What was written to standard output, as a list of JSON objects.
    func jsonArray() throws -> [[String: Any]] {
      try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]])
    }
  }

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

  /// The project's root folder.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The folder with real models and images, if it is there.
  static let sharedData: String? = {
    let given = ProcessInfo.processInfo.environment["ELSA_SHARED_DATA"]
    let path = given ?? root.appending(path: "../shared/data").standardized.path
    return FileManager.default.fileExists(atPath: "\(path)/README.md") ? path : nil
  }()

  /// The demo's data folder.
  static let demoData = root.appending(path: "Sources/CDemoData/data").path

  /// Where programs of this test process keep what may be computed again.
  static let cacheHome = TestCache()

  /// Runs the program to its end, with some environment variables set, or taken away by `nil`.
  static func run(
    _ arguments: [String], in folder: String? = nil, environment: [String: String?] = [:]
  ) throws -> Ending {
    try RunningProgram(arguments, folder: folder, environment: environment).ending()
  }

  /// Starts the program.
  static func start(_ arguments: [String], in folder: String? = nil) throws -> RunningProgram {
    try RunningProgram(arguments, folder: folder)
  }
}

/// The program while it runs.
final class RunningProgram {
  let process = Process()
  private let outputPath: String
  private let errorPath: String

  init(
    _ arguments: [String], folder: String?, environment: [String: String?] = [:],
    program: String = Program.path
  ) throws {
    let base = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    outputPath = base + ".out"
    errorPath = base + ".err"
    for path in [outputPath, errorPath] {
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
    }
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment
    variables["XDG_CACHE_HOME"] = Program.cacheHome.path
    for (name, value) in environment { variables[name] = value }
    process.environment = variables
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: outputPath)
    process.standardError = FileHandle(forWritingAtPath: errorPath)
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    for path in [outputPath, errorPath] {
      do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record("\(error)") }
    }
  }

  /// What was written to standard output so far.
  var output: String { Self.text(outputPath) }

  /// What was written to standard error so far.
  var errors: String { Self.text(errorPath) }

  /// Sends a signal.
  func signal(_ number: Int32) {
    kill(process.processIdentifier, number)
  }

  /// Waits for the end and returns it.
  func ending() -> Program.Ending {
    process.waitUntilExit()
    return Program.Ending(
      status: process.terminationStatus, output: Self.text(outputPath), errors: errors)
  }

  private static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
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

/// A folder that is removed when the test ends.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "elsa-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record("\(error)") }
  }

  /// Returns the path of a file in the folder.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a text file and returns its path.
  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: file(name), atomically: true, encoding: .utf8)
    return file(name)
  }
}

/// Waits until a condition holds; fails the test if it does not within a generous bound.
///
/// The bound only ends a broken test; no outcome depends on how long the condition takes.
func waitUntil(
  _ what: String, boundSeconds: Double = 120, _ condition: () throws -> Bool
) throws {
  let start = ContinuousClock.now
  while try !condition() {
    guard ContinuousClock.now - start < .seconds(boundSeconds) else {
      throw BoundPassed(what: what)
    }
    Thread.sleep(forTimeInterval: 0.01)
  }
}

struct BoundPassed: Error {
  let what: String
}
