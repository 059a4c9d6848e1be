import LinearAlgebra
import SparseKernels
import SparsityCore

/// The operations of a forward pass on whole buffers, of which the first rows are in use.
///
/// Every operation reads some buffers and writes another: the buffers are distinct arguments, so
/// that none is copied.
struct Arithmetic {
  /// The variant of the kernels that runs.
  let variant: KernelVariant
  /// The constant that LayerNorm adds to the variance.
  let epsilon: Float

  /// Normalises rows: LayerNorm with scale and shift.
  func normalize(_ x: [Float], _ norm: NormParameters, rows: Int, into y: inout [Float]) {
    let width = norm.weights.count
    let count = rows * width
    var target = y.mutableSpan
    var rowsOfTarget = target._mutatingExtracting(0..<count)
    layerNorm(
      x.span.extracting(0..<count), rows: rows, width: width, scale: norm.weights.span,
      shift: norm.bias.span, epsilon: epsilon, into: &rowsOfTarget, variant: variant)
  }

  /// Applies a prunable linear layer with the weights that `layer` says.
  func apply(
    _ parameters: LinearParameters, _ layer: LayerWeights, to x: [Float], rows: Int,
    into y: inout [Float], scratch: inout [Float]
  ) {
    switch layer {
    case .dense:
      multiply(parameters, weights: parameters.weights, by: x, rows: rows, into: &y)
    case .replaced(let weights):
      multiply(parameters, weights: weights, by: x, rows: rows, into: &y)
    case .compressed(let weights):
      precondition(weights.outputs == parameters.outputs)
      precondition(weights.inputs == parameters.inputs)
      var target = y.mutableSpan
      var output = target._mutatingExtracting(0..<rows * parameters.outputs)
      var scratch = scratch.mutableSpan
      let input = x.span.extracting(0..<rows * parameters.inputs)
      if let bias = parameters.bias {
        SparseKernels.multiply(
          weights, by: input, tokens: rows, bias: bias.span, into: &output, scratch: &scratch,
          variant: variant)
      } else {
        SparseKernels.multiply(
          weights, by: input, tokens: rows, bias: nil, into: &output, scratch: &scratch,
          variant: variant)
      }
    }
  }

  /// Multiplies rows of `x` by a dense matrix of the size of `parameters`, and adds their bias.
  ///
  /// - Parameter first: The first row of `x` that is used.
  func multiply(
    _ parameters: LinearParameters, weights: [Float], by x: [Float], from first: Int = 0,
    rows: Int, into y: inout [Float]
  ) {
    let (outputs, inputs) = (parameters.outputs, parameters.inputs)
    precondition(weights.count == outputs * inputs)
    let input = x.span.extracting(first * inputs..<(first + rows) * inputs)
    var target = y.mutableSpan
    var output = target._mutatingExtracting(0..<rows * outputs)
    if let bias = parameters.bias {
      multiplyDense(
        weights: weights.span, outputs: outputs, inputs: inputs, by: input, tokens: rows,
        bias: bias.span, into: &output)
    } else {
      multiplyDense(
        weights: weights.span, outputs: outputs, inputs: inputs, by: input, tokens: rows,
        bias: nil, into: &output)
    }
  }

  /// Applies GELU to the first `count` numbers.
  func applyGELU(to x: inout [Float], count: Int) {
    var all = x.mutableSpan
    var used = all._mutatingExtracting(0..<count)
    gelu(&used, variant: variant)
  }

  /// Adds the first `count` numbers of `x` to those of `y`.
  func add(_ x: [Float], count: Int, to y: inout [Float]) {
    var all = y.mutableSpan
    var target = all._mutatingExtracting(0..<count)
    SparseKernels.add(x.span.extracting(0..<count), to: &target, variant: variant)
  }
}
