import Foundation

/// What a run of a program takes.
package struct ProcessMeasurement: Sendable {
  /// The seconds from its start to its end.
  package let seconds: Double
  /// The processor time within them.
  package let processorSeconds: Double
  /// The most memory that it had at once.
  package let memoryBytes: Int

  /// Runs a program to its end, without its output, and measures it.
  ///
  /// - Throws: ``CoordinatorBenchmarkError`` if it cannot be started or fails.
  package init(of program: String, arguments: [String]) throws(CoordinatorBenchmarkError) {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    var texts: [UnsafeMutablePointer<CChar>?] = unsafe ([program] + arguments).map {
      unsafe strdup($0)
    }
    unsafe texts.append(nil)
    defer { unsafe texts.forEach { unsafe free($0) } }
    let start = ContinuousClock.now
    var identifier = pid_t()
    let code = unsafe posix_spawn(&identifier, program, &actions, nil, &texts, environ)
    guard code == 0 else { throw .commandFailed(arguments: arguments, status: code) }
    var status: Int32 = 0
    var usage = rusage()
    while unsafe wait4(identifier, &status, 0, &usage) < 0 {
      guard errno == EINTR else { throw .commandFailed(arguments: arguments, status: errno) }
    }
    guard status == 0 else { throw .commandFailed(arguments: arguments, status: status) }
    seconds = (ContinuousClock.now - start) / .seconds(1)
    processorSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
    memoryBytes = usage.ru_maxrss << 10
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }
}
