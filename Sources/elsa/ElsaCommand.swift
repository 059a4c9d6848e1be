import ArgumentParser
import CoordinatorService
import Foundation
import ProcessLimits
import ProgramVersion
import TextReports

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

      It ends with one of
      \(ExitStatus.help)
      or by the signal that has killed it. Service managers restart on 1 and on signals, \
      schedulers resubmit on 10 and 11.
      """,
    version: ProgramVersion.text,
    subcommands: [
      DoctorCommand.self, DemoCommand.self, CheckCommand.self, SearchCommand.self,
      SensitivityCommand.self,
      CoordinatorCommand.self, WorkerCommand.self, StatusCommand.self, DrainCommand.self,
      KeygenCommand.self, RevokeCommand.self,
      EvaluateCommand.self, PruneCommand.self, EstimateCommand.self,
      PackCommand.self, ModelsCommand.self,
      AcceleratorsCommand.self, FrontCommand.self, BenchmarkCommand.self, SimulateCommand.self,
    ])

  /// Parses the arguments, runs the command and ends with an ``ExitStatus``.
  static func main() {
    do {
      var command = try parseAsRoot()
      _ = try InstructionLimit.read()
      StopSignals.install()
      if command is any HoldsSecrets {
        for diagnostic in SecretKeeping.begin() { Output.notify("Warning: \(diagnostic).") }
      }
      if command is any EndsOnRequest {
        try command.run()
      } else {
        try Dropping.bySignal { try command.run() }
      }
    } catch {
      end(with: error)
    }
    ProcessEnd.now(status: ExitStatus.done.rawValue)
  }

  private static func end(with error: any Error) -> Never {
    if let code = error as? ExitCode { ProcessEnd.now(status: code.rawValue) }
    switch exitCode(for: error) {
    case .validationFailure:
      Output.notify(fullMessage(for: error))
      ProcessEnd.now(status: ExitStatus.wrongUsage.rawValue)
    case .success:
      Output.result(fullMessage(for: error))
      ProcessEnd.now(status: ExitStatus.done.rawValue)
    default:
      Output.notify("elsa: \(error)")
      ProcessEnd.now(status: ExitStatus(of: error).rawValue)
    }
  }
}

extension ExitStatus {
  /// The status that a command ends with for an error.
  init(of error: any Error) {
    self =
      switch error {
      case let error as CommandFailure: error.status
      case let error as ExplainedError: error.isWrongUsage ? .wrongUsage : .failed
      case let error as OperatorError: error.isRefusal ? .refused : .failed
      case let error as CoordinatorServiceError: error.isWrongUsage ? .wrongUsage : .failed
      default: .failed
      }
  }
}

extension ExitCode {
  init(_ status: ExitStatus) { self.init(status.rawValue) }
}
