import LinearAlgebra
import SparseKernels

extension Arithmetic {
  /// Applies a prunable layer to bf16 activations and rounds to bf16.
  func apply(
    _ layer: PreparedLayer, to x: Span<UInt16>, rows: Int, hasGELU: Bool,
    into y: inout MutableSpan<UInt16>, _ workspace: inout Workspace
  ) {
    let bias = layer.dense.bias
    let epilogue: Epilogue = hasGELU ? .storeGELU : .store
    switch layer.weights {
    case .dense:
      multiply(layer.dense.weights, by: x, rows: rows, bias: bias, into: &y, &workspace)
      if hasGELU { gelu(&y, variant: variant) }
    case .replaced(let weights):
      multiply(weights, by: x, rows: rows, bias: bias, into: &y, &workspace)
      if hasGELU { gelu(&y, variant: variant) }
    case .columns(let weights):
      var scratch = workspace.scratch.mutableSpan
      SparseKernels.multiply(
        weights, by: x, tokens: rows, bias: bias.span, epilogue: epilogue, into: &y,
        scratch: &scratch, variant: variant)
    case .pairs(let weights):
      var scratch = workspace.scratch.mutableSpan
      SparseKernels.multiply(
        weights, by: x, tokens: rows, bias: bias.span, epilogue: epilogue, into: &y,
        scratch: &scratch, variant: variant)
    }
  }

  /// Adds a prunable layer of bf16 activations to fp32 numbers.
  func apply(
    _ layer: PreparedLayer, to x: Span<UInt16>, rows: Int,
    addingTo y: inout MutableSpan<Float>, _ workspace: inout Workspace
  ) {
    let bias = layer.dense.bias
    switch layer.weights {
    case .dense:
      multiply(layer.dense.weights, by: x, rows: rows, bias: bias, addingTo: &y, &workspace)
    case .replaced(let weights):
      multiply(weights, by: x, rows: rows, bias: bias, addingTo: &y, &workspace)
    case .columns(let weights):
      var scratch = workspace.scratch.mutableSpan
      SparseKernels.multiply(
        weights, by: x, tokens: rows, bias: bias.span, addingTo: &y, scratch: &scratch,
        variant: variant)
    case .pairs(let weights):
      var scratch = workspace.scratch.mutableSpan
      SparseKernels.multiply(
        weights, by: x, tokens: rows, bias: bias.span, addingTo: &y, scratch: &scratch,
        variant: variant)
    }
  }

  /// Multiplies by a dense matrix and rounds to bf16.
  ///
  /// Where the processor has no bf16 instructions, the product of the same bf16 numbers is computed
  /// in fp32.
  private func multiply(
    _ weights: DenseWeights, by x: Span<UInt16>, rows: Int, bias: [Float],
    into y: inout MutableSpan<UInt16>, _ workspace: inout Workspace
  ) {
    guard weights.format == .bf16 else {
      var wide = workspace.wideOutput
      workspace.wideOutput = []
      var all = wide.mutableSpan
      var output = all._mutatingExtracting(0..<y.count)
      multiplyWidened(
        weights, by: x, rows: rows, bias: bias, adds: false, into: &output, &workspace)
      narrow(output.span, into: &y, variant: variant)
      workspace.wideOutput = wide
      return
    }
    workspace.products.multiply(weights, by: x, tokens: rows, bias: bias.span, into: &y)
  }

  /// Multiplies by a dense matrix and adds the product to fp32 numbers.
  func multiply(
    _ weights: DenseWeights, by x: Span<UInt16>, rows: Int, bias: [Float],
    addingTo y: inout MutableSpan<Float>, _ workspace: inout Workspace
  ) {
    guard weights.format == .bf16 else {
      multiplyWidened(weights, by: x, rows: rows, bias: bias, adds: true, into: &y, &workspace)
      return
    }
    workspace.products.multiply(weights, by: x, tokens: rows, bias: bias.span, addingTo: &y)
  }

  /// Multiplies bf16 activations by a dense fp32 matrix.
  private func multiplyWidened(
    _ weights: DenseWeights, by x: Span<UInt16>, rows: Int, bias: [Float], adds: Bool,
    into y: inout MutableSpan<Float>, _ workspace: inout Workspace
  ) {
    var wide = workspace.wideInput
    workspace.wideInput = []
    var all = wide.mutableSpan
    var input = all._mutatingExtracting(0..<x.count)
    widen(x, into: &input, variant: variant)
    workspace.products.multiply(
      weights, by: input.span, tokens: rows, bias: bias.span, adds: adds, into: &y)
    workspace.wideInput = wide
  }
}
