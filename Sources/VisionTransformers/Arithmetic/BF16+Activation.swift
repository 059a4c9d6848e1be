import LinearAlgebra
import NetworkArchitectures
import SparseKernels
import SparsityCore

extension BF16: Activation {
  static func normalize(
    _ x: Span<Float>, rows: Int, by norm: NormParameters, epsilon: Float,
    into y: inout MutableSpan<BF16>, variant: KernelVariant
  ) {
    layerNorm(
      x, rows: rows, width: norm.weights.count, scale: norm.weights.span, shift: norm.bias.span,
      epsilon: epsilon, into: &y, variant: variant)
  }

  static func attend(
    _ queriesKeysValues: Span<BF16>, shape: AttentionShape, queries: Int, scale: Float,
    into y: inout MutableSpan<BF16>, scratch: inout MutableSpan<Float>, variant: KernelVariant
  ) {
    SparseKernels.attend(
      queriesKeysValues, shape: shape, queries: queries, scale: scale, into: &y,
      scratch: &scratch, variant: variant)
  }

  static func attend(
    _ queriesKeysValues: Span<BF16>, in attention: WindowAttention<BF16>,
    windows: AttentionWindows, scale: Float, into y: inout MutableSpan<BF16>,
    scratch: inout MutableSpan<Float>, variant: KernelVariant
  ) {
    SparseKernels.attend(
      queriesKeysValues, windows: windows, bias: attention.bias, headWidth: attention.headWidth,
      scale: scale, padding: attention.padding.span, into: &y, scratch: &scratch,
      variant: variant)
  }

  static func apply(
    _ layer: PreparedLayer, to x: Span<BF16>, rows: Int, activation: PerceptronActivation?,
    into y: inout MutableSpan<BF16>, _ workspace: inout Workspace,
    variant: KernelVariant
  ) {
    let bias = layer.dense.bias
    let epilogue: Epilogue = activation == .gelu ? .storeGELU : .store
    switch layer.weights {
    case .dense:
      multiply(
        layer.dense.weights, by: x, rows: rows, bias: bias, into: &y, &workspace, variant: variant)
      if activation == .gelu { gelu(&y, variant: variant) }
    case .replaced(let weights):
      multiply(weights, by: x, rows: rows, bias: bias, into: &y, &workspace, variant: variant)
      if activation == .gelu { gelu(&y, variant: variant) }
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
    activation?.applyUnlessGELU(to: &y, variant: variant)
  }

  static func gate(
    _ values: inout MutableSpan<BF16>, linear: Float, cubic: Float, variant: KernelVariant
  ) {
    sigmoidGate(&values, linear: linear, cubic: cubic, variant: variant)
  }

  static func apply(
    _ layer: PreparedLayer, to x: Span<BF16>, rows: Int,
    addingTo y: inout MutableSpan<Float>, _ workspace: inout Workspace,
    variant: KernelVariant
  ) {
    let bias = layer.dense.bias
    switch layer.weights {
    case .dense:
      multiply(
        layer.dense.weights, by: x, rows: rows, bias: bias, addingTo: &y, &workspace,
        variant: variant)
    case .replaced(let weights):
      multiply(weights, by: x, rows: rows, bias: bias, addingTo: &y, &workspace, variant: variant)
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
  private static func multiply(
    _ weights: DenseWeights, by x: Span<BF16>, rows: Int, bias: [Float],
    into y: inout MutableSpan<BF16>, _ workspace: inout Workspace,
    variant: KernelVariant
  ) {
    guard weights.format == .bf16 else {
      var wide = workspace.wideOutput
      workspace.wideOutput = []
      var all = wide.mutableSpan
      var output = all._mutatingExtracting(0..<y.count)
      multiplyWidened(
        weights, by: x, rows: rows, bias: bias, adds: false, into: &output, &workspace,
        variant: variant)
      narrow(output.span, into: &y, variant: variant)
      workspace.wideOutput = wide
      return
    }
    workspace.products.multiply(weights, by: x, tokens: rows, bias: bias.span, into: &y)
  }

  static func multiply(
    _ weights: DenseWeights, by x: Span<BF16>, rows: Int, bias: [Float],
    addingTo y: inout MutableSpan<Float>, _ workspace: inout Workspace,
    variant: KernelVariant
  ) {
    guard weights.format == .bf16 else {
      multiplyWidened(
        weights, by: x, rows: rows, bias: bias, adds: true, into: &y, &workspace, variant: variant)
      return
    }
    workspace.products.multiply(weights, by: x, tokens: rows, bias: bias.span, addingTo: &y)
  }

  /// Multiplies bf16 activations by a dense fp32 matrix.
  private static func multiplyWidened(
    _ weights: DenseWeights, by x: Span<BF16>, rows: Int, bias: [Float], adds: Bool,
    into y: inout MutableSpan<Float>, _ workspace: inout Workspace,
    variant: KernelVariant
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
