import ArgumentParser
import Foundation

/// The program: finds how sparse each layer of a vision transformer should be.
@main
struct ElsaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "elsa",
    abstract: "Finds how sparse each layer of a vision transformer should be.",
    discussion: """
      Elsa searches layer-wise N:M sparsity for a pre-trained ViT and a given accelerator, on this \
      machine or on a cluster, and reports the Pareto front of accuracy against throughput.

      Begin with:
        elsa doctor        check this machine
        elsa demo          a whole search in under a minute
        elsa check RUN.yaml   what a run file asks for, and how long it will take
        elsa search RUN.yaml --workers 2 --run-directory my-run
      """,
    version: ElsaVersion.text,
    subcommands: [
      DoctorCommand.self, DemoCommand.self, CheckCommand.self, SearchCommand.self,
      CoordinatorCommand.self, WorkerCommand.self, StatusCommand.self, DrainCommand.self,
      KeygenCommand.self,
      EvaluateCommand.self, PruneCommand.self, EstimateCommand.self,
      PackCommand.self,
      AcceleratorsCommand.self, FrontCommand.self, BenchmarkCommand.self, SimulateCommand.self,
    ])

  /// Parses the arguments, runs the command and ends with 0 (done), 1 (failed) or 2 (usage).
  static func main() {
    do {
      var command = try parseAsRoot()
      _ = try InstructionLimit.read()
      try command.run()
    } catch {
      let code = exitCode(for: error)
      if code == .validationFailure {
        Output.note(fullMessage(for: error))
        exit(withStatus: 2)
      }
      if code == .success {
        Output.result(fullMessage(for: error))
        exit(withStatus: 0)
      }
      if !(error is ExitCode) { Output.note("elsa: \(error)") }
      exit(withStatus: 1)
    }
  }

  private static func exit(withStatus status: Int32) -> Never {
    Foundation.exit(status)
  }
}

/// The version of the program.
enum ElsaVersion {
  /// The version as people write it; peers compare protocol versions, not this.
  static let text = "0.1.0"
}
