import ArgumentParser
import Foundation
import RunPreparation
import RunStorage
import SparsityCore
import TextReports

/// A whole search on the bundled digits model.
struct DemoCommand: ParsableCommand, EndsOnRequest, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Runs a whole search on the bundled digits model, in under a minute.",
    discussion: """
      Starts a coordinator and workers as separate processes on this machine, searches the \
      patterns 1:4, 2:4, 3:4 and 4:4 for a small ViT that reads handwritten digits, and prints the \
      Pareto front with the accuracy on images that the search has not seen.

      EXAMPLES
        elsa demo
        elsa demo --evaluations 500 --workers 4 --run-directory my-demo
      """)

  @Option(
    help: ArgumentHelp(
      "Where to keep the run (default: a new temporary folder).", valueName: "folder"))
  var runDirectory: String?

  @Option(help: "The candidates to evaluate.")
  var evaluations = 300

  @Option(help: "The worker processes.")
  var workers = 2

  @Option(help: "The seed of the search.")
  var seed: UInt64 = 1

  @Flag(help: "Print the front as JSON.")
  var json = false

  func validate() throws {
    try OptionRange.check("--evaluations", evaluations, in: RunLimits.evaluationRange)
    try OptionRange.check("--workers", workers, in: RunLimits.localWorkerRange)
  }

  func run() throws {
    let temporary = FileManager.default.temporaryDirectory
      .appending(path: "elsa-demo-\(String(UInt32.random(in: .min ... .max), radix: 36))")
    let directory = RunDirectory(
      userPath: runDirectory ?? temporary.path(percentEncoded: false))
    guard !directory.holdsRun else {
      throw CommandFailure(
        "\(directory.path) already holds a run",
        nextStep: "name another folder, or go on with it: elsa search --resume --run-directory "
          + directory.path)
    }
    let start = ContinuousClock.now
    try LocalRun(
      source: ["--demo-evaluations", "\(evaluations)", "--demo-seed", "\(seed)"],
      directory: directory, workerCount: workers, threadsPerWorker: 1
    ).run()
    try Dropping.bySignal {
      try FinalReport(directory: directory, threads: workers).print(json: json)
    }
    let seconds = (ContinuousClock.now - start).seconds
    Output.notify("The demo took \(NumberFormat.fixed(seconds, 1)) s. Its run directory is")
    Output.notify("  \(directory.path)")
    Output.notify("Try: elsa front \(directory.path) --json")
  }
}
