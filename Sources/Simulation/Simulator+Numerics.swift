import Coordination
import SparsityCore
import WireProtocol

/// Runs whose arithmetic is chosen by the first workers, which have processors of two kinds.
extension Simulator {
  /// Returns what the machine of a worker that starts offers.
  mutating func drawOffer() -> BackendOffer {
    guard run.settings.numericsWindow != nil else { return SimulatedBackend.offer(isNew: true) }
    return SimulatedBackend.offer(isNew: numericsGenerator.chance(0.5))
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
  /// Leaves options open in some of all runs.
  mutating func drawNumericsWindow(using generator: inout SeededGenerator) {
    guard generator.chance(0.4) else { return }
    var options = [SimulatedBackend.processor]
    if generator.chance(0.5) { options.append(SimulatedBackend.format) }
    settings.description.numerics = settings.description.numerics.opening(options.map(\.name))
    settings.numericsWindow = NumericsWindow(
      options: options, duration: .milliseconds(generator.number(in: 0...8_000)),
      workerCountMax: generator.number(in: 1...4))
  }
}
