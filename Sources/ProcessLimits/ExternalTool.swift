import Foundation

/// Another program that is asked something.
package enum ExternalTool {
  /// Runs a program that is found by its name, and returns what it prints.
  ///
  /// - Returns: `nil` if there is no such program, it fails, or it takes longer than `patience`.
  package static func output(
    of name: String, _ arguments: [String], environment: [String: String] = [:],
    patience: Duration = .seconds(5)
  ) -> String? {
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let folders = (variables["PATH"] ?? "").split(separator: ":")
    let candidates = folders.map { "\($0)/\(name)" }
    guard let path = candidates.first(where: FileManager.default.isExecutableFile) else {
      return nil
    }
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.environment = variables
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      return nil
    }
    let deadline = ContinuousClock.now + patience
    // What these tools print fits in a pipe; one that prints more is ended by the deadline.
    while process.isRunning, ContinuousClock.now < deadline {
      Thread.sleep(forTimeInterval: 0.01)
    }
    guard !process.isRunning else {
      kill(process.processIdentifier, SIGKILL)
      return nil
    }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else { return nil }
    let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    return text.isEmpty ? nil : text
  }
}
