import ArgumentParser
import EvolutionarySearch
import Foundation
import ProcessLimits
import RunFiles
import RunPreparation
import RunReports
import RunStorage
import SparsityCore
import TextReports

/// What each decision loses alone.
struct SensitivityCommand: ParsableCommand, EndsOnRequest, HoldsSecrets {
  static let configuration = CommandConfiguration(
    commandName: "sensitivity",
    abstract: "Measures what the model loses when one decision alone is made sparser.",
    discussion: """
      Takes the run file of a search and evaluates the dense model and every other choice of \
      every decision, one at a time, on all images of the search set: a run like any other, \
      journaled, gone on with by the same command, and open to other workers (elsa worker). Prints \
      by how much the mean loss rises, the most sensitive decision first, and keeps \
      single-changes.json in the run directory. Algorithm, evaluations, early stopping and \
      constraints of the run file do not matter; with fewer images (data.split.search) it takes \
      less time and says less.

      Without a run file it prints what the run in the directory has measured of single changes, \
      whichever run it is.

      In JSON: entries {decision, choice, images, lossRise, accuracyLoss, accuracyLossInterval, \
      throughput (× dense)}, dense, denseLoss, choices, changes, measured.

      EXAMPLES
        elsa sensitivity run.yaml --run-directory my-sensitivities --svg bars.svg
        elsa sensitivity --run-directory my-sensitivities --json
      """)

  @Argument(
    help: ArgumentHelp(
      "A search's run file; none prints what is there.", valueName: "run.yaml"))
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

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: ArgumentHelp("Draw bars into this file.", valueName: "file.svg"))
  var svg: String?

  func validate() throws {
    try OptionRange.check("--workers", workers, in: RunLimits.localWorkerRange)
    try OptionRange.check("--threads", threads, in: RunLimits.threadRange)
  }

  func run() throws {
    let directory = RunDirectory(userPath: runDirectory)
    if let runFile { try measure(RunFile(path: runFile), in: directory) }
    try Dropping.bySignal {
      let report = try SensitivityReport(
        of: JournaledFront(directory: directory, notified: Output.notify))
      if runFile != nil { try report.keep(in: directory, notified: Output.notify) }
      if let svg {
        try Data(report.svg.utf8).write(to: URL(filePath: absolutePath(svg)), options: .atomic)
      }
      if json { try Output.json(report) } else { report.lines.forEach(Output.result) }
    }
  }

  /// Runs to the end what measures all single changes.
  private func measure(_ runFile: RunFile, in directory: RunDirectory) throws {
    guard runFile.evaluator == nil else {
      throw CommandFailure(
        "single changes are measured with Elsa's own inference",
        nextStep: "take the key evaluator out of the run file, or search with algorithm: "
          + "\(SearchAlgorithmName.oneAtATime.rawValue)", status: .wrongUsage)
    }
    let single: RunFile
    do {
      single = try runFile.measuringSensitivities()
    } catch {
      throw error.reason
    }
    // The coordinator is a process of its own, so it reads a file.
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "elsa-sensitivity-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "run.yaml")
    try Data(single.yaml.utf8).write(to: file)
    let cores = AllowedProcessors.current.count
    let workerCount = workers ?? cores
    try LocalRun(
      source: [file.path], directory: directory, workerCount: workerCount,
      threadsPerWorker: threads ?? max(1, cores / workerCount)
    ).run()
    Output.notify("The run directory is \(directory.path)")
  }
}
