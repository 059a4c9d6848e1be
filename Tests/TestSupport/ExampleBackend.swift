import Coordination
import SparsityCore

/// A backend as Elsa's own is, for runs that compute nothing.
package enum ExampleBackend {
  /// The backend.
  package static let backend = Backend(name: "test", version: "1")

  /// The options that a run may leave open.
  package static let precision = NumericsWindow.Option(
    name: Precision.optionName, values: ["bf16", "f32"])
  package static let instructionSet = NumericsWindow.Option(
    name: InstructionSet.optionName,
    values: InstructionSet.allCases.sorted(by: >).map(\.rawValue))

  /// The arithmetic of a run that leaves nothing open.
  package static func numerics(_ set: InstructionSet, _ precision: Precision) -> Numerics {
    Numerics(
      backend: backend,
      options: [
        Self.precision.name: precision.rawValue, instructionSet.name: set.rawValue, "batch": "4",
      ])
  }

  /// What a machine offers whose processor has at most `set`.
  package static func offer(
    _ set: InstructionSet = .avx512, _ precisions: [Precision] = [.f32, .bf16]
  ) -> BackendOffer {
    BackendOffer(
      backend: backend,
      values: [
        precision.name: precisions.map(\.rawValue),
        instructionSet.name: InstructionSet.allCases.filter { $0 <= set }.map(\.rawValue),
      ])
  }
}
