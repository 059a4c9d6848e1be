import LinearAlgebra
import NetworkArchitectures
import SparseKernels

extension Float: Activation {
  init(rounding value: Float) { self = value }

  var float: Float { self }

  static func gate(
    _ values: inout MutableSpan<Float>, linear: Float, cubic: Float, variant: KernelVariant
  ) {
    sigmoidGate(&values, linear: linear, cubic: cubic, variant: variant)
  }

  static func normalize(
    _ x: Span<Float>, rows: Int, by norm: NormParameters, epsilon: Float,
    into y: inout MutableSpan<Float>, variant: KernelVariant
  ) {
    layerNorm(
      x, rows: rows, width: norm.weights.count, scale: norm.weights.span, shift: norm.bias.span,
      epsilon: epsilon, into: &y, variant: variant)
  }

  static func attend(
    _ queriesKeysValues: Span<Float>, shape: AttentionShape, queries: Int, scale: Float,
    into y: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>, variant: KernelVariant
  ) {
    SparseKernels.attend(
      queriesKeysValues, shape: shape, queries: queries, scale: scale, into: &y,
      scratch: &scratch, variant: variant)
  }

  static func attend(
    _ queriesKeysValues: Span<Float>, in attention: WindowAttention<Float>,
    windows: AttentionWindows, scale: Float, into y: inout MutableSpan<Float>,
    scratch: inout MutableSpan<Float>, variant: KernelVariant
  ) {
    SparseKernels.attend(
      queriesKeysValues, windows: windows, bias: attention.bias, headWidth: attention.headWidth,
      scale: scale, padding: attention.padding.span, into: &y, scratch: &scratch,
      variant: variant)
  }

  static func apply(
    _ layer: PreparedLayer, to x: Span<Float>, rows: Int, activation: PerceptronActivation?,
    into y: inout MutableSpan<Float>, _ workspace: inout Workspace, variant: KernelVariant
  ) {
    apply(
      layer, to: x, rows: rows, epilogue: activation == .gelu ? .storeGELU : .store, into: &y,
      &workspace, variant: variant)
    activation?.applyUnlessGELU(to: &y, variant: variant)
  }

  static func apply(
    _ layer: PreparedLayer, to x: Span<Float>, rows: Int, addingTo y: inout MutableSpan<Float>,
    _ workspace: inout Workspace, variant: KernelVariant
  ) {
    apply(layer, to: x, rows: rows, epilogue: .add, into: &y, &workspace, variant: variant)
  }

  static func multiply(
    _ weights: DenseWeights, by x: Span<Float>, rows: Int, bias: [Float],
    addingTo y: inout MutableSpan<Float>, _ workspace: inout Workspace, variant: KernelVariant
  ) {
    workspace.products.multiply(
      weights, by: x, tokens: rows, bias: bias.span, adds: true, into: &y)
  }

  /// Applies a prunable layer and brings it to `y` as the epilogue says.
  private static func apply(
    _ layer: PreparedLayer, to x: Span<Float>, rows: Int, epilogue: Epilogue,
    into y: inout MutableSpan<Float>, _ workspace: inout Workspace, variant: KernelVariant
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
