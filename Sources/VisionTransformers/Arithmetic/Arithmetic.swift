import LinearAlgebra
import NetworkArchitectures
import SparseKernels

/// The operations of a forward pass on whole buffers, of which the first rows are in use.
///
/// Every operation reads some buffers and writes another: the buffers are distinct arguments, so
/// that none is copied.
struct Arithmetic<Number: Activation> {
  /// The variant of the kernels that runs.
  let variant: KernelVariant
  /// The constant that LayerNorm adds to the variance.
  let epsilon: Float

  /// Normalises rows of tokens, from a row on, to rows from another on: LayerNorm with scale and
  /// shift.
  func normalize(
    _ x: [Float], _ norm: NormParameters, first: Int = 0, rows: Int, into y: inout [Number],
    from start: Int = 0
  ) {
    let width = norm.weights.count
    var target = y.mutableSpan
    var output = target._mutatingExtracting(start * width..<(start + rows) * width)
    Number.normalize(
      x.span.extracting(first * width..<(first + rows) * width), rows: rows, by: norm,
      epsilon: epsilon, into: &output,
      variant: variant)
  }

  /// Normalises rows of tokens in fp32, whatever the format of the pass.
  func normalizeTokens(
    _ x: [Float], _ norm: NormParameters, rows: Int, into y: inout [Float]
  ) {
    let size = rows * norm.weights.count
    var target = y.mutableSpan
    var output = target._mutatingExtracting(0..<size)
    Float.normalize(
      x.span.extracting(0..<size), rows: rows, by: norm, epsilon: epsilon, into: &output,
      variant: variant)
  }

  /// Normalises the queries and the keys of each head in place.
  func normalizeHeads(
    _ queriesKeysValues: inout [Number], queries: NormParameters, keys: NormParameters,
    rows: Int, heads: Int
  ) {
    let width = heads * queries.weights.count
    var row = [Float](repeating: 0, count: width)
    var target = queriesKeysValues.mutableSpan
    for index in 0..<rows {
      for (part, norm) in [queries, keys].enumerated() {
        let start = (3 * index + part) * width
        for place in 0..<width { row[place] = target[start + place].float }
        var output = target._mutatingExtracting(start..<start + width)
        Number.normalize(
          row.span, rows: heads, by: norm, epsilon: epsilon, into: &output, variant: variant)
      }
    }
  }

  /// Applies a prunable linear layer, and an activation function behind it if asked for.
  func apply(
    _ layer: PreparedLayer, to x: [Number], rows: Int, activation: PerceptronActivation?,
    into y: inout [Number], _ workspace: inout Workspace
  ) {
    var target = y.mutableSpan
    var output = target._mutatingExtracting(0..<rows * layer.outputs)
    Number.apply(
      layer, to: x.span.extracting(0..<rows * layer.inputs), rows: rows,
      activation: activation, into: &output, &workspace, variant: variant)
  }

  /// Adds a prunable linear layer of rows of x, from a row on, to rows of the tokens from another
  /// on.
  func apply(
    _ layer: PreparedLayer, to x: [Number], first: Int = 0, rows: Int,
    addingTo tokens: inout [Float], from start: Int = 0, _ workspace: inout Workspace
  ) {
    let used = first * layer.inputs..<(first + rows) * layer.inputs
    var target = tokens.mutableSpan
    var output = target._mutatingExtracting(start * layer.outputs..<(start + rows) * layer.outputs)
    Number.apply(
      layer, to: x.span.extracting(used), rows: rows, addingTo: &output,
      &workspace, variant: variant)
  }

  /// Adds a dense layer of rows `first..<first + rows` of x to the tokens from a place on.
  func applyDense(
    _ layer: DenseLayer, to x: [Number], first: Int, rows: Int, addingTo tokens: inout [Float],
    from start: Int, _ workspace: inout Workspace
  ) {
    var all = tokens.mutableSpan
    var output = all._mutatingExtracting(start..<start + rows * layer.weights.outputs)
    applyDense(layer, to: x, first: first, rows: rows, addingTo: &output, &workspace)
  }

  /// Adds a dense layer of rows `first..<first + rows` of x to fp32 numbers.
  func applyDense(
    _ layer: DenseLayer, to x: [Number], first: Int, rows: Int,
    addingTo y: inout MutableSpan<Float>, _ workspace: inout Workspace
  ) {
    let used = first * layer.weights.inputs..<(first + rows) * layer.weights.inputs
    Number.multiply(
      layer.weights, by: x.span.extracting(used), rows: rows, bias: layer.bias, addingTo: &y,
      &workspace, variant: variant)
  }

  /// Computes the attention of one image, whose rows follow each other in both buffers.
  func attend(
    queriesKeysValues: [Number], shape: AttentionShape, image: Int, queries: Int,
    into y: inout [Number], _ workspace: inout Workspace
  ) {
    let size = shape.tokens * 3 * shape.width
    let target = image * queries * shape.width..<(image + 1) * queries * shape.width
    var scratch = workspace.scratch.mutableSpan
    var all = y.mutableSpan
    var output = all._mutatingExtracting(target)
    Number.attend(
      queriesKeysValues.span.extracting(image * size..<(image + 1) * size), shape: shape,
      queries: queries, scale: 1 / Float(shape.headWidth).squareRoot(), into: &output,
      scratch: &scratch, variant: variant)
  }
}

extension Arithmetic {
  /// Computes the attention of some windows, in a map whose rows lie in both buffers from a row on.
  func attend(
    queriesKeysValues: [Number], in attention: WindowAttention<Number>,
    windows: AttentionWindows, first: Int, rows: Int, into y: inout [Number],
    _ workspace: inout Workspace
  ) {
    let width = attention.width
    var scratch = workspace.scratch.mutableSpan
    var all = y.mutableSpan
    var output = all._mutatingExtracting(first * width..<(first + rows) * width)
    Number.attend(
      queriesKeysValues.span.extracting(3 * first * width..<3 * (first + rows) * width),
      in: attention, windows: windows, scale: 1 / Float(attention.headWidth).squareRoot(),
      into: &output, scratch: &scratch, variant: variant)
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
