import ArgumentParser
import RunPreparation
import RunReports
import RunStorage
import SparsityCore

/// The Pareto front of a run.
struct FrontCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "front",
    abstract: "Prints the Pareto front of a run, running or finished.",
    discussion: """
      Reads the journal, so it works while the run goes on and after a crash. Accuracy on the test \
      set is shown once it was measured: at the end of `elsa search`, or with --test.

      EXAMPLES
        elsa front my-run
        elsa front my-run --json > front.json
        elsa front my-run --csv
        elsa front my-run --test
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "folder"))
  var runDirectory: String

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Print comma-separated values.")
  var csv = false

  @Flag(help: "Measure the front's members on the test set, too.")
  var test = false

  @Option(help: "The evaluation threads of --test (default: one a core).")
  var threads: Int?

  func validate() throws {
    if json, csv { throw ValidationError("--json and --csv exclude each other.") }
    try OptionRange.check("--threads", threads, in: RunLimits.threadRange)
  }

  func run() throws {
    let directory = RunDirectory(userPath: runDirectory)
    let report = try JournaledFront(directory: directory, notified: Output.notify)
    let front =
      test ? try report.measuringTest(threads: threads, observer: .terminal()) : report.front
    if json { return try Output.json(front) }
    (csv ? front.csvLines : front.lines).forEach(Output.result)
    if !csv, !test, let diagnostic = try report.testSetSummary { Output.result(diagnostic) }
  }
}
