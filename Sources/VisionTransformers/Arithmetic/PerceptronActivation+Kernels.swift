import NetworkArchitectures
import SparseKernels

extension PerceptronActivation {
  /// Applies the function to values in place; GELU has been applied with the product before it.
  func applyUnlessGELU<Number: Activation>(
    to values: inout MutableSpan<Number>, variant: KernelVariant
  ) {
    switch self {
    case .gelu: break
    case .silu: Number.gate(&values, linear: 1, cubic: 0, variant: variant)
    case .quickGELU: Number.gate(&values, linear: 1.702, cubic: 0, variant: variant)
    case .geluTanh:
      // (1 + tanh u) / 2 = σ(2u), with u = √(2/π) · (v + 0.044715 v³).
      let linear = 2 * (2 / Float.pi).squareRoot()
      Number.gate(&values, linear: linear, cubic: 0.044715 * linear, variant: variant)
    case .relu:
      for index in values.indices where values[index].float < 0 { values[index] = .zero }
    }
  }
}
