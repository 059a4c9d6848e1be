import ArgumentParser
import Foundation
import RunStorage

/// A search on this machine.
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Runs a search on this machine: a coordinator and worker processes.",
    discussion: """
      The run directory holds the run file, the journal, the front and the log. A run that was \
      stopped or killed goes on with --resume; nothing that was journaled is computed again.

      EXAMPLES
        elsa search run.yaml --workers 2 --run-directory my-run
        elsa search --run-directory my-run --resume
      """)

  @Argument(help: ArgumentHelp("What to search; not given with --resume.", valueName: "run.yaml"))
  var runFile: String?

  @Option(help: ArgumentHelp("Where to keep everything about the run.", valueName: "folder"))
  var runDirectory: String

  @Option(help: "The worker processes (default: one a core).")
  var workers: Int?

  @Option(help: "The evaluation threads of each worker (default: its share of the cores).")
  var threads: Int?

  @Flag(help: "Go on with the run in the run directory.")
  var resume = false

  @Flag(help: "Print the front as JSON.")
  var json = false

  func validate() throws {
    try validateRunFile(runFile, resume: resume)
    for (name, value) in [("--workers", workers), ("--threads", threads)] {
      if let value, !(1...1024).contains(value) {
        throw ValidationError("\(name) is \(value); allowed is 1…1024.")
      }
    }
  }

  func run() throws {
    StopFlag.install()
    let directory = RunDirectory(userPath: runDirectory)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let workerCount = workers ?? cores
    try directory.prepare(resuming: resume)
    try LocalRun(
      runFile: runFile.map(absolutePath), directory: directory, workerCount: workerCount,
      threadsPerWorker: threads ?? max(1, cores / workerCount)
    ).run()
    try FinalReport(directory: directory, threads: cores).print(json: json)
    Output.note("The run directory is \(directory.path)")
  }
}

/// Checks that either a run file is given or a run is resumed.
func validateRunFile(_ runFile: String?, resume: Bool) throws {
  if resume, runFile != nil {
    throw ValidationError(
      "--resume goes on with the run directory's own run file; leave RUN.yaml out.")
  }
  if !resume, runFile == nil {
    throw ValidationError("Give a run file, or --resume to go on with the run directory.")
  }
}
