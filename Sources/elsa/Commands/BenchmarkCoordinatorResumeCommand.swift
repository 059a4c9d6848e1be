import ArgumentParser
import CoordinatorBenchmarks
import RunPreparation
import RunStorage
import SparsityCore
import WireProtocol

/// The way of a resumed coordinator through its journal, in a process of its own.
struct BenchmarkCoordinatorResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator-resume",
    abstract: "Restores the coordinator of elsa benchmark coordinator; started by it.",
    discussion: """
      EXAMPLE
        elsa benchmark coordinator-resume --directory run --evaluations 50000
      """,
    shouldDisplay: false)

  @Option(help: ArgumentHelp("The folder of the benchmark's run.", valueName: "folder"))
  var directory: String

  @Option(help: "The evaluations of the run.")
  var evaluations: Int

  func validate() throws {
    try OptionRange.check("--evaluations", evaluations, in: RunLimits.evaluationRange)
  }

  func run() throws {
    let directory = RunDirectory(userPath: directory)
    let lock = try DirectoryLock(of: directory)
    _ = try RunOpening.first(in: directory)
    try CoordinatorBenchmark.restore(directory, evaluationCount: evaluations, lock: lock)
  }
}
