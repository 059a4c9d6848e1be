import Coordination
import SparsityCore

/// What computes in a simulated run: it has two kinds of machines, and two options that a run may
/// leave open.
enum SimulatedBackend {
  static let backend = Backend(name: "simulated", version: "1")
  /// The option that only some machines have all values of, from the best on.
  static let processor = NumericsWindow.Option(name: "processor", values: ["new", "old"])
  /// The option that all machines have all values of.
  static let format = NumericsWindow.Option(name: "format", values: ["short", "long"])

  /// The arithmetic of a run that leaves nothing open.
  static let numerics = Numerics(
    backend: backend, options: [processor.name: "old", format.name: "long", "batch": "4"])

  /// What a machine offers.
  static func offer(isNew: Bool) -> BackendOffer {
    BackendOffer(
      backend: backend,
      values: [
        processor.name: isNew ? processor.values : ["old"], format.name: format.values,
      ])
  }
}
