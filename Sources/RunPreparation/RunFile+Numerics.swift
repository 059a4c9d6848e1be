import Coordination
import Evaluation
import NetworkArchitectures
import RunFiles
import SparsityCore

extension RunFile {
  /// Returns the arithmetic of the run without what ``numericsWindow(workerCount:)`` leaves open.
  ///
  /// - Precondition: a network, or an evaluator.
  func numerics(for network: Network?) -> Numerics {
    if let evaluator { return Numerics(backend: evaluator.backend, options: [:]) }
    guard let network else { preconditionFailure("listed decisions have an evaluator") }
    let best = InferenceNumerics.best(
      for: network, precision: precision ?? InferenceNumerics.usualPrecision,
      instructionSet: instructionSet)
    return best.numerics.opening(openOptions.map(\.name))
  }

  /// Returns what is chosen when workers have come, because the run file does not name it.
  func numericsWindow(workerCount: Int?) -> NumericsWindow? {
    let open = openOptions
    guard !open.isEmpty else { return nil }
    let usual = NumericsWindow.usualWorkerCountMax
    return NumericsWindow(options: open, workerCountMax: min(workerCount ?? usual, usual))
  }

  /// The options that the run file does not name, with their values from the fastest on.
  private var openOptions: [NumericsWindow.Option] {
    var open: [NumericsWindow.Option] = []
    // What a program from outside computes with is its own affair.
    guard evaluator == nil else { return open }
    if precision == nil {
      open.append(
        NumericsWindow.Option(
          name: Precision.optionName,
          values: [InferenceNumerics.usualPrecision, .f32].map(\.rawValue)))
    }
    if instructionSet == nil {
      open.append(
        NumericsWindow.Option(
          name: InstructionSet.optionName,
          values: InstructionSet.allCases.sorted(by: >).map(\.rawValue)))
    }
    return open
  }
}
