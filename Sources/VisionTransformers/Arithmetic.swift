import LinearAlgebra
import NetworkArchitectures
import SparseKernels
import SparsityCore

/// The operations of a forward pass on whole buffers, of which the first rows are in use.
///
/// Every operation reads some buffers and writes another: the buffers are distinct arguments, so
/// that none is copied.
struct Arithmetic {
  /// The number format of activations.
  let precision: Precision
  /// The variant of the kernels that runs.
  let variant: KernelVariant
  /// The constant that LayerNorm adds to the variance.
  let epsilon: Float

  /// Normalises rows of tokens: LayerNorm with scale and shift.
  func normalize(_ x: [Float], _ norm: NormParameters, rows: Int, into y: inout Activations) {
    let width = norm.weights.count
    let count = rows * width
    let input = x.span.extracting(0..<count)
    switch precision {
    case .f32:
      var target = y.f32.mutableSpan
      var output = target._mutatingExtracting(0..<count)
      layerNorm(
        input, rows: rows, width: width, scale: norm.weights.span, shift: norm.bias.span,
        epsilon: epsilon, into: &output, variant: variant)
    case .bf16:
      var target = y.bf16.mutableSpan
      var output = target._mutatingExtracting(0..<count)
      layerNorm(
        input, rows: rows, width: width, scale: norm.weights.span, shift: norm.bias.span,
        epsilon: epsilon, into: &output, variant: variant)
    }
  }

  /// Applies a prunable linear layer, and GELU behind it if asked for.
  func apply(
    _ layer: PreparedLayer, to x: Activations, rows: Int, hasGELU: Bool,
    into y: inout Activations, _ workspace: inout Workspace
  ) {
    switch precision {
    case .f32:
      let input = x.f32.span.extracting(0..<rows * layer.inputs)
      var target = y.f32.mutableSpan
      var output = target._mutatingExtracting(0..<rows * layer.outputs)
      apply(
        layer, to: input, rows: rows, epilogue: hasGELU ? .storeGELU : .store, into: &output,
        &workspace)
    case .bf16:
      let input = x.bf16.span.extracting(0..<rows * layer.inputs)
      var target = y.bf16.mutableSpan
      var output = target._mutatingExtracting(0..<rows * layer.outputs)
      apply(layer, to: input, rows: rows, hasGELU: hasGELU, into: &output, &workspace)
    }
  }

  /// Adds a prunable linear layer to the first rows of the tokens.
  func apply(
    _ layer: PreparedLayer, to x: Activations, rows: Int, addingTo tokens: inout [Float],
    _ workspace: inout Workspace
  ) {
    var target = tokens.mutableSpan
    var output = target._mutatingExtracting(0..<rows * layer.outputs)
    switch precision {
    case .f32:
      let input = x.f32.span.extracting(0..<rows * layer.inputs)
      apply(layer, to: input, rows: rows, epilogue: .add, into: &output, &workspace)
    case .bf16:
      let input = x.bf16.span.extracting(0..<rows * layer.inputs)
      apply(layer, to: input, rows: rows, addingTo: &output, &workspace)
    }
  }

  /// Adds a dense layer of rows `first..<first + rows` of x to the tokens from a place on.
  func applyDense(
    _ layer: DenseLayer, to x: Activations, first: Int, rows: Int,
    addingTo tokens: inout [Float], from start: Int, _ workspace: inout Workspace
  ) {
    var all = tokens.mutableSpan
    var output = all._mutatingExtracting(start..<start + rows * layer.weights.outputs)
    applyDense(layer, to: x, first: first, rows: rows, addingTo: &output, &workspace)
  }

  /// Adds a dense layer of rows `first..<first + rows` of x to fp32 numbers.
  func applyDense(
    _ layer: DenseLayer, to x: Activations, first: Int, rows: Int,
    addingTo y: inout MutableSpan<Float>, _ workspace: inout Workspace
  ) {
    let used = first * layer.weights.inputs..<(first + rows) * layer.weights.inputs
    switch precision {
    case .f32:
      let input = x.f32.span.extracting(used)
      workspace.products.multiply(
        layer.weights, by: input, tokens: rows, bias: layer.bias.span, adds: true, into: &y)
    case .bf16:
      let input = x.bf16.span.extracting(used)
      multiply(layer.weights, by: input, rows: rows, bias: layer.bias, addingTo: &y, &workspace)
    }
  }

  /// Computes the attention of one image, whose rows follow each other in both buffers.
  func attend(
    queriesKeysValues: Activations, shape: TransformerShape, image: Int, queries: Int,
    into y: inout Activations, _ workspace: inout Workspace
  ) {
    let row = 3 * shape.width
    let source = image * shape.tokens * row..<(image + 1) * shape.tokens * row
    let target = image * queries * shape.width..<(image + 1) * queries * shape.width
    let scale = 1 / Float(shape.headWidth).squareRoot()
    let sizes = AttentionShape(
      tokens: shape.tokens, heads: shape.heads, headWidth: shape.headWidth)
    var scratch = workspace.scratch.mutableSpan
    switch precision {
    case .f32:
      var all = y.f32.mutableSpan
      var output = all._mutatingExtracting(target)
      SparseKernels.attend(
        queriesKeysValues.f32.span.extracting(source), shape: sizes, queries: queries,
        scale: scale, into: &output, scratch: &scratch, variant: variant)
    case .bf16:
      var all = y.bf16.mutableSpan
      var output = all._mutatingExtracting(target)
      SparseKernels.attend(
        queriesKeysValues.bf16.span.extracting(source), shape: sizes, queries: queries,
        scale: scale, into: &output, scratch: &scratch, variant: variant)
    }
  }
}

/// A prunable layer of a packed model, with the weights that it runs with.
struct PreparedLayer {
  /// The layer as the checkpoint has it.
  let dense: DenseLayer
  /// What the layer runs with.
  let weights: LayerWeights

  /// The output features.
  var outputs: Int { dense.weights.outputs }
  /// The input features.
  var inputs: Int { dense.weights.inputs }
}
