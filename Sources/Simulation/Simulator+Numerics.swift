import Coordination
import SparsityCore
import WireProtocol

/// Runs whose arithmetic is chosen by the first workers, which have processors of two kinds.
extension Simulator {
  /// Returns the instruction set of a worker that starts.
  mutating func drawInstructionSet() -> InstructionSet {
    guard run.settings.numericsWindow != nil else { return .avx512 }
    return numericsGenerator.chance(0.5) ? .avx512 : .avx2
  }

  /// Whether a worker was refused because its machine is less able than those that came first; it
  /// is started on another machine then.
  func isTooWeak(_ exit: WorkerMachine.Exit) -> Bool {
    guard run.settings.numericsWindow != nil else { return false }
    if case .refused(.numerics, _) = exit { return true }
    return false
  }

  /// Checks that nobody is told of an arithmetic that the coordinator may yet forget.
  mutating func check(_ welcome: Welcome, to worker: WorkerID) {
    guard run.settings.numericsWindow != nil else { return }
    let numerics = welcome.description.numerics
    if journal.numerics != numerics {
      violate("\(worker) is welcomed to \(numerics), which is not durable")
    }
  }
}

extension SimulatedRun {
  /// Leaves the instruction set open in some of all runs.
  mutating func drawNumericsWindow(using generator: inout SeededGenerator) {
    guard generator.chance(0.4) else { return }
    let numerics = settings.description.numerics
    settings.description.numerics = Numerics(
      precision: numerics.precision, kernelTable: numerics.kernelTable,
      instructionSet: .avx512bf16, forwardBatch: numerics.forwardBatch)
    settings.numericsWindow = NumericsWindow(
      choosesPrecision: generator.chance(0.5), choosesInstructionSet: true,
      duration: .milliseconds(generator.number(in: 0...8_000)),
      workerCountMax: generator.number(in: 1...4))
  }
}
