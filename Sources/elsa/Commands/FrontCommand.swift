import ArgumentParser
import RunPreparation
import RunReports
import RunStorage
import SparsityCore

/// The Pareto front of a run.
struct FrontCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "front",
    abstract: "Prints the Pareto front of a run, running or finished, or the member you ask for.",
    discussion: """
      Reads the journal, so it works while the run goes on and after a crash. Accuracy on the test \
      and confirm sets is shown once it was measured: at the end of `elsa search`, or with --test. \
      A member that has fewer of the confirm set right than another that costs no more is shown as \
      such: its place on the front was luck. In JSON: confirmAccuracy, confirmAccuracyInterval, \
      beatenBy, denseConfirmAccuracy, selectionGap.

      Behind each accuracy stands the interval in which it lies on other such images in 95 of 100 \
      cases (Wilson); where the run has evaluated the dense model, so does how many percentage \
      points each member has lost against it, told image by image (Bonett and Price). Both are \
      about members that were not chosen on the very images: the best of many have had luck, too. \
      In JSON: accuracyInterval {lower, upper}, accuracyLoss, accuracyLossInterval, dense.

      With bounds, one or several, it prints the one member that meets them and is the best in \
      the run's first objective without a bound (then in the next, then in the bounded ones), and \
      the command that writes its checkpoint. If none meets them, it prints the nearest, whose \
      worst excess relative to the limit is the least, and ends with 4. In JSON: request, isMet, \
      bestIn, unmet, row, point, command. Rows count while the front is as it is: take the command \
      before the run goes on.

      EXAMPLES
        elsa front my-run
        elsa front my-run --json > front.json
        elsa front my-run --csv
        elsa front my-run --test
        elsa front my-run --accuracy-loss-at-most 1.0
        elsa front my-run --throughput-at-least 2.5x --energy-at-most 2mJ
        elsa front my-run --throughput-at-least 2.5x@edge --throughput-at-least 1200@server
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "folder"))
  var runDirectory: String

  @OptionGroup(title: "Bounds") var bounds: FrontRequestOptions

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Print comma-separated values.")
  var csv = false

  @Flag(help: "Measure the front's members on the test and confirm sets, too.")
  var test = false

  @Option(help: "The evaluation threads of --test (default: one a core).")
  var threads: Int?

  func validate() throws {
    if json, csv { throw ValidationError("--json and --csv exclude each other.") }
    if csv, try bounds.request != nil {
      throw ValidationError("--csv is about the whole front; leave it out, or the bounds.")
    }
    try OptionRange.check("--threads", threads, in: RunLimits.threadRange)
  }

  func run() throws {
    let directory = RunDirectory(userPath: runDirectory)
    let report = try JournaledFront(directory: directory, notified: Output.notify)
      .comparedWithDense(notified: Output.notify)
    let front =
      test ? try report.measuringHeldOut(threads: threads, observer: .terminal()) : report.front
    if let request = try bounds.request { return try answer(request, of: front) }
    if json { return try Output.json(front) }
    (csv ? front.csvLines : front.lines).forEach(Output.result)
    if !csv, !test, let diagnostic = try report.heldOutSummary { Output.result(diagnostic) }
  }

  private func answer(_ request: FrontRequest, of front: FrontReport) throws {
    let answer = try FrontAnswer(request, of: front, in: runDirectory)
    if json {
      try Output.json(answer)
    } else {
      answer.lines(of: front).forEach(Output.result)
    }
    if !answer.isMet { throw ExitCode(.unmet) }
  }
}
