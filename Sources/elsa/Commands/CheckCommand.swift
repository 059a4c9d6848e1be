import ArgumentParser
import CoordinatorService
import Foundation
import ProcessLimits
import RunFiles
import RunPreparation
import RunReports
import RunStorage
import SparsityCore

/// Whether a run can be started, and what it will cost; nothing is written.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks a run file and all it names, and forecasts the run; writes nothing.",
    discussion: """
      Reads the model, the accelerator's profile and every image as a run would, and tells what is \
      wrong with any of them. A few timed evaluations on this machine give a forecast of the hours \
      at N slots: a slot is one evaluation thread, on one core as fast as one here. The forecast \
      leaves out what is done once: packing, calibration, the test set.

      Ends with 0 if a run can be started, 2 if the run file is wrong, 1 if anything else is.

      EXAMPLES
        elsa check run.yaml
        elsa check run.yaml --run-directory my-run --bind 'tcp://*:5555' --slots 64
        elsa check run.yaml --json
      """)

  @Argument(help: ArgumentHelp("What to search.", valueName: "run.yaml"))
  var runFile: String

  @Option(help: ArgumentHelp("Check, too, where the run will be kept.", valueName: "folder"))
  var runDirectory: String?

  @Option(
    help: ArgumentHelp("Check, too, where the coordinator will listen.", valueName: "endpoint"))
  var bind: String?

  @Option(help: ArgumentHelp("Forecast so many slots, too.", valueName: "number"))
  var slots: Int?

  @Option(help: "The threads that decode images (default: one a core).")
  var threads: Int?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    for (name, value) in [("--slots", slots), ("--threads", threads)] {
      guard let value else { continue }
      let allowed = name == "--slots" ? 1...1_000_000 : RunLimits.threadRange
      guard allowed.contains(value) else {
        throw ValidationError(
          "\(name) is \(value); allowed is \(allowed.lowerBound)…\(allowed.upperBound).")
      }
    }
  }

  func run() throws {
    let runFile = try RunFile(path: runFile)
    var check = RunCheck(
      runFile: runFile, threads: threads ?? AllowedProcessors.current.count,
      observer: .terminal())
    check.checkPlan()
    check.checkImages()
    check.measure(slots: slots)
    if let runDirectory {
      check.checkDirectory(RunDirectory(userPath: runDirectory))
    }
    if let bind {
      check.check("address") {
        let address = try BindAddress(bind).resolved()
        return "\(bind), \(address.isLoopback ? "this machine only" : "other machines, too")"
      }
    }
    let report = check.report
    if json {
      try Output.json(report)
    } else {
      report.lines.forEach(Output.result)
    }
    if let failure = check.firstFailure { throw ExitCode(ExitStatus(of: failure)) }
  }
}
