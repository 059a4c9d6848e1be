import CSparseKernels

/// What becomes of a product of a linear layer before it is stored.
package enum Epilogue: Hashable, Sendable {
  /// y = product.
  case store
  /// y = GELU(product).
  case storeGELU
  /// y = y + product.
  case add

  /// The name that the C kernels have for it.
  var cValue: csk_epilogue {
    switch self {
    case .store: CSK_STORE
    case .storeGELU: CSK_STORE_GELU
    case .add: CSK_ADD
    }
  }
}
