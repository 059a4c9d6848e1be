import ArgumentParser
import Foundation
import ProcessLimits
import RunFiles
import RunPreparation
import RunStorage
import SparsityCore

/// A search on this machine.
struct SearchCommand: ParsableCommand, EndsOnRequest, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Runs a search on this machine: a coordinator and worker processes.",
    discussion: """
      The run directory holds the run file, the journal, the front and the log. The same command \
      starts a run or goes on with one that was stopped or killed, whichever applies; nothing that \
      was journaled is computed again. --resume insists on a run that is there and needs no run \
      file. With more search.evaluations or another data.test in the run file a run goes on, too; \
      any other difference is refused. Ctrl-C and SIGTERM let the workers finish what they \
      compute, then end with 11; a second Ctrl-C ends everything at once.

      EXAMPLES
        elsa search run.yaml --workers 2 --run-directory my-run
        elsa search --run-directory my-run --resume
      """)

  @Argument(help: ArgumentHelp("What to search; not needed with --resume.", valueName: "run.yaml"))
  var runFile: String?

  @Option(help: ArgumentHelp("Where to keep everything about the run.", valueName: "folder"))
  var runDirectory: String

  @Option(
    help: ArgumentHelp(
      "The worker processes, \(OptionRange.text(RunLimits.localWorkerRange)) (default: one for "
        + "each core that they may use)."))
  var workers: Int?

  @Option(
    help: ArgumentHelp(
      "The evaluation threads of each worker, \(OptionRange.text(RunLimits.threadRange)) (default: "
        + "its share of the cores)."))
  var threads: Int?

  @OptionGroup var evaluator: EvaluatorOptions

  @Flag(help: "Insist on going on with the run in the run directory.")
  var resume = false

  @Flag(help: "Print the front as JSON.")
  var json = false

  func validate() throws {
    try validateRunFile(runFile, resume: resume)
    try OptionRange.check("--workers", workers, in: RunLimits.localWorkerRange)
    try OptionRange.check("--threads", threads, in: RunLimits.threadRange)
  }

  func run() throws {
    let directory = RunDirectory(userPath: runDirectory)
    let cores = AllowedProcessors.current.count
    let workerCount = workers ?? cores
    // Read here, too, so that a mistake is reported at once and by this command.
    let request = try RunRequest(path: runFile, insistsOnRun: resume)
    try request.check(directory)
    try checkEvaluator(of: request.runFile ?? RunFile(path: directory.runFile))
    try LocalRun(
      source: (runFile.map { [absolutePath($0)] } ?? []) + (resume ? ["--resume"] : []),
      directory: directory, workerCount: workerCount,
      threadsPerWorker: threads ?? max(1, cores / workerCount),
      workerArguments: evaluator.arguments
    ).run()
    try Dropping.bySignal {
      try FinalReport(directory: directory, threads: cores).print(json: json)
    }
    Output.notify("The run directory is \(directory.path)")
  }

  /// Refuses a run that no worker started here could join.
  private func checkEvaluator(of runFile: RunFile) throws {
    switch (runFile.evaluator, evaluator.evaluator) {
    case (let wanted?, nil):
      throw CommandFailure(
        "the run is measured by the evaluator \(wanted.backend)",
        nextStep: "add the command that starts it: --evaluator 'COMMAND'", status: .wrongUsage)
    case (nil, _?):
      throw CommandFailure(
        "--evaluator starts a program that the run file does not name",
        nextStep: "add to the run file: evaluator: {name: …, version: …}, as the program says them",
        status: .wrongUsage)
    case (nil, nil), (_?, _?): break
    }
  }
}

/// Checks that a run file is given unless a run is resumed.
func validateRunFile(_ runFile: String?, resume: Bool) throws {
  guard runFile == nil, !resume else { return }
  throw ValidationError("Give a run file, or --resume to go on with the run directory.")
}
