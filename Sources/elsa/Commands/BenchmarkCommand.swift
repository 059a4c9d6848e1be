import ArgumentParser

/// Measurements of this program on this machine.
struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measures how fast this program is on this machine.",
    discussion: """
      Figures mean something only while nothing else runs on the machine.

      EXAMPLES
        elsa benchmark kernels --model deit_small
        elsa benchmark operations --model deit_tiny
        elsa benchmark model --json
        elsa benchmark pruning --model deit_tiny/ --calibration train-256/ --data val/
        elsa benchmark accelerator --accelerator vegeta
        elsa benchmark coordinator --workers 64
        elsa benchmark search --budgets 100,300
      """,
    subcommands: [
      BenchmarkKernelsCommand.self, BenchmarkOperationsCommand.self, BenchmarkModelCommand.self,
      BenchmarkPruningCommand.self, BenchmarkSearchCommand.self, BenchmarkAcceleratorCommand.self,
      BenchmarkCoordinatorCommand.self, BenchmarkCoordinatorLoadCommand.self,
      BenchmarkCoordinatorResumeCommand.self, BenchmarkInputLoadCommand.self,
    ])
}
