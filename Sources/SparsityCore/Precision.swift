/// The number format of weights and activations; sums are always kept in fp32.
package enum Precision: String, CaseIterable, Hashable, Sendable {
  case f32
  case bf16

  /// What run files and ``Numerics`` call it.
  package static let optionName = "precision"
}
