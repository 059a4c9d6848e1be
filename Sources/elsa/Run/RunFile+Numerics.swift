import Coordination
import RunFiles

extension RunFile {
  /// Returns what is chosen when workers have come, because the run file does not name it.
  func numericsWindow(workerCount: Int?) -> NumericsWindow? {
    guard precision == nil || instructionSet == nil else { return nil }
    let usual = NumericsWindow.usualWorkerCountMax
    return NumericsWindow(
      choosesPrecision: precision == nil, choosesInstructionSet: instructionSet == nil,
      workerCountMax: min(workerCount ?? usual, usual))
  }
}
