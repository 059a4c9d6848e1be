import Foundation
import Testing

/// A process that a test has started; it is killed with the value.
package final class RunningProcess {
  /// What a process has left that has ended.
  package struct Ending {
    /// The exit status, or the signal that ended the process.
    package let status: Int32
    /// Whether a signal has ended the process.
    package let isBySignal: Bool
    /// What was written to standard output.
    package let output: String
    /// What was written to standard error.
    package let errors: String

    /// The output read as a JSON object.
    package func json() throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    /// The output read as a list of JSON objects.
    package func jsonArray() throws -> [[String: Any]] {
      try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]])
    }
  }

  /// How long a process may take: far longer than any does, and far less than the gate has.
  package static let patience: TimeInterval = 600

  private let process = Process()
  private let outputs: TemporaryFolder
  private let hasEnded = DispatchSemaphore(value: 0)

  /// Starts a program without input, with the environment of the tests unless one is given.
  ///
  /// What it writes goes to files, which never block it, unless other handles are given.
  package init(
    _ program: String, _ arguments: [String], in folder: String? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment,
    standardOutput: FileHandle? = nil, standardError: FileHandle? = nil
  ) throws {
    outputs = try TemporaryFolder()
    for name in ["out", "err"] { _ = try outputs.write("", to: name) }
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = environment
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput =
      standardOutput ?? FileHandle(forWritingAtPath: outputs.file("out"))
    process.standardError = standardError ?? FileHandle(forWritingAtPath: outputs.file("err"))
    process.terminationHandler = { [hasEnded] _ in hasEnded.signal() }
    try process.run()
  }

  deinit { signal(SIGKILL) }

  /// The process's number.
  package var processIdentifier: Int32 { process.processIdentifier }

  /// Whether the process has not ended yet.
  package var isRunning: Bool { process.isRunning }

  /// What was written to standard output so far.
  package var output: String { text("out") }

  /// What was written to standard error so far.
  package var errors: String { text("err") }

  /// Sends a signal, unless the process has ended.
  package func signal(_ number: Int32) {
    if process.isRunning { kill(process.processIdentifier, number) }
  }

  /// Waits for the end and returns it; what does not end is killed, and the test fails.
  ///
  /// A test's time limit cannot end a wait that blocks its thread.
  @discardableResult
  package func ending() -> Ending {
    if process.isRunning, hasEnded.wait(timeout: .now() + Self.patience) == .timedOut {
      Issue.record("a process had not ended after \(Int(Self.patience)) s:\n\(errors)")
      signal(SIGKILL)
    }
    process.waitUntilExit()
    hasEnded.signal()
    return Ending(
      status: process.terminationStatus,
      isBySignal: process.terminationReason == .uncaughtSignal, output: output, errors: errors)
  }

  private func text(_ name: String) -> String {
    let bytes = FileManager.default.contents(atPath: outputs.file(name)) ?? Data()
    return String(decoding: bytes, as: UTF8.self)
  }
}
