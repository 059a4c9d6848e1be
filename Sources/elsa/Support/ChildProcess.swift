import Foundation

/// A process of this program that runs beside it.
final class ChildProcess {
  /// What the process does, for messages.
  let role: String
  private let process = Process()

  /// Starts this program with other arguments and more variables; its standard error is ours.
  init(role: String, arguments: [String], environment: [String: String] = [:]) throws {
    self.role = role
    process.executableURL = URL(filePath: try Self.programPath())
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.standardError
    process.standardError = FileHandle.standardError
    do {
      try process.run()
    } catch {
      throw CommandFailure("cannot start the \(role): \(error.localizedDescription)")
    }
  }

  /// The process's number.
  var identifier: Int32 { process.processIdentifier }
  /// Whether the process has not ended.
  var isRunning: Bool { process.isRunning }
  /// Whether the process ended with status 0.
  var hasSucceeded: Bool { !isRunning && wasExit && process.terminationStatus == 0 }
  /// The status with which the process ended, if it is one of this program's.
  var status: ExitStatus? {
    !isRunning && wasExit ? ExitStatus(rawValue: process.terminationStatus) : nil
  }
  /// Whether a signal ended the process.
  var wasKilled: Bool { !isRunning && !wasExit }

  private var wasExit: Bool { process.terminationReason == .exit }

  /// How the process ended, as text.
  var ending: String {
    if isRunning { return "is running" }
    return wasExit
      ? "ended with status \(process.terminationStatus)"
      : "was ended by signal \(process.terminationStatus)"
  }

  /// Asks the process to end.
  func terminate() {
    if isRunning { process.terminate() }
  }

  /// Waits for the end; after `patience` the process is asked to end, after twice that killed.
  func finish(patience: Duration) {
    let start = ContinuousClock.now
    var wasAsked = false
    while isRunning {
      let elapsed = ContinuousClock.now - start
      if elapsed > patience, !wasAsked {
        terminate()
        wasAsked = true
      }
      if elapsed > patience + patience { kill(identifier, SIGKILL) }
      Thread.sleep(forTimeInterval: 0.02)
    }
  }

  /// The path of this program's own file.
  static func programPath() throws -> String {
    do {
      return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    } catch {
      throw CommandFailure("cannot find this program's own file: \(error.localizedDescription)")
    }
  }
}
