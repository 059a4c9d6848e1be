import LinearAlgebra
import SparseKernels

extension Arithmetic {
  /// Applies a prunable layer to fp32 activations.
  func apply(
    _ layer: PreparedLayer, to x: Span<Float>, rows: Int, epilogue: Epilogue,
    into y: inout MutableSpan<Float>, _ workspace: inout Workspace
  ) {
    let bias = layer.parameters.bias
    switch layer.weights {
    case .dense:
      multiply(
        layer.dense, by: x, rows: rows, bias: bias, adds: epilogue == .add, into: &y,
        &workspace.products)
      if epilogue == .storeGELU { gelu(&y, variant: variant) }
    case .replaced(let weights):
      multiply(
        weights, by: x, rows: rows, bias: bias, adds: epilogue == .add, into: &y,
        &workspace.products)
      if epilogue == .storeGELU { gelu(&y, variant: variant) }
    case .columns(let weights):
      var scratch = workspace.scratch.mutableSpan
      if let bias {
        SparseKernels.multiply(
          weights, by: x, tokens: rows, bias: bias.span, epilogue: epilogue, into: &y,
          scratch: &scratch, variant: variant)
      } else {
        SparseKernels.multiply(
          weights, by: x, tokens: rows, bias: nil, epilogue: epilogue, into: &y,
          scratch: &scratch, variant: variant)
      }
    case .pairs:
      preconditionFailure("pairs are multiplied in bf16")
    }
  }

  /// Multiplies by a dense matrix, and stores or adds the product.
  func multiply(
    _ weights: DenseWeights, by x: Span<Float>, rows: Int, bias: [Float]?, adds: Bool,
    into y: inout MutableSpan<Float>, _ products: inout DenseProducts
  ) {
    if let bias {
      products.multiply(weights, by: x, tokens: rows, bias: bias.span, adds: adds, into: &y)
    } else {
      products.multiply(weights, by: x, tokens: rows, bias: nil, adds: adds, into: &y)
    }
  }
}
