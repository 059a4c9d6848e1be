import LinearAlgebra
import SparseKernels

extension Arithmetic {
  /// Applies a prunable layer to fp32 activations.
  func apply(
    _ layer: PreparedLayer, to x: Span<Float>, rows: Int, epilogue: Epilogue,
    into y: inout MutableSpan<Float>, _ workspace: inout Workspace
  ) {
    let bias = layer.dense.bias
    switch layer.weights {
    case .dense:
      workspace.products.multiply(
        layer.dense.weights, by: x, tokens: rows, bias: bias.span, adds: epilogue == .add,
        into: &y)
      if epilogue == .storeGELU { gelu(&y, variant: variant) }
    case .replaced(let weights):
      workspace.products.multiply(
        weights, by: x, tokens: rows, bias: bias.span, adds: epilogue == .add, into: &y)
      if epilogue == .storeGELU { gelu(&y, variant: variant) }
    case .columns(let weights):
      var scratch = workspace.scratch.mutableSpan
      SparseKernels.multiply(
        weights, by: x, tokens: rows, bias: bias.span, epilogue: epilogue, into: &y,
        scratch: &scratch, variant: variant)
    case .pairs:
      preconditionFailure("pairs are multiplied in bf16")
    }
  }
}
