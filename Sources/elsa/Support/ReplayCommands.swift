import CoordinatorBenchmarks
import Foundation
import RunPreparation
import RunStorage

/// What the commands take that read the journal of a benchmark's run, each in a process of its own.
struct ReplayCommands {
  /// A command; its names are the fields of the JSON.
  struct Report: Encodable {
    let command: String
    let seconds: Double
    let processorSeconds: Double
    let memoryBytes: Int
  }

  /// The run's folder.
  let directory: RunDirectory
  /// The evaluations of the run.
  let evaluations: Int

  /// Measures `front`, `status`, and what `--resume` does with a journal before it can work.
  func measure() throws -> [Report] {
    try writeFiles()
    let program = try ChildProcess.programPath()
    let commands: [(name: String, arguments: [String])] = [
      ("front", ["front", directory.path, "--json"]),
      ("status", ["status", directory.path, "--json"]),
      (
        "resume",
        [
          "benchmark", "coordinator-resume", "--directory", directory.path, "--evaluations",
          "\(evaluations)",
        ]
      ),
    ]
    return try commands.map { command in
      let measurement = try ProcessMeasurement(of: program, arguments: command.arguments)
      return Report(
        command: command.name, seconds: measurement.seconds,
        processorSeconds: measurement.processorSeconds, memoryBytes: measurement.memoryBytes)
    }
  }

  /// Writes what a run directory has besides its journal, for the model of the benchmark's run.
  private func writeFiles() throws {
    let locked = try LockedRunDirectory(directory)
    try locked.write(
      Data(CoordinatorBenchmark.modelConfiguration.utf8), to: directory.configuration)
    let text = """
      model: {weights: none}
      data: {search: none}
      patterns: ["1:4", "2:4", "4:4"]
      search: {algorithm: random, evaluations: \(evaluations)}
      """
    try locked.write(Data((text + "\n").utf8), to: directory.runFile)
  }
}
