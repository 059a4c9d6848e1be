import Glibc
import ModelFiles
import ProcessLimits

/// A command that decides itself how it ends on SIGTERM and SIGINT; all others are simply dropped.
protocol EndsOnRequest {}

/// How work that may be dropped ends.
enum Dropping {
  /// Does `body`; a request to end drops it and ends the program by the signal that has come.
  static func bySignal<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Interruptible.run(
      endingBy: {
        AtomicFile.removeUnfinished()
        StopSignals.endBySignal()
      }, body)
  }

  /// Does `body`; a request to end drops it and ends the program with a failure.
  static func with<Result>(
    _ failure: CommandFailure, _ body: () throws -> Result
  ) rethrows -> Result {
    try Interruptible.run(
      endingBy: {
        AtomicFile.removeUnfinished()
        Output.notify("elsa: \(failure)")
        _exit(failure.status.rawValue)
      }, body)
  }
}
