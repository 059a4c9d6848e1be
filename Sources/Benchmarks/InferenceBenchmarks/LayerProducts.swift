import LinearAlgebra
import Pruning
import SparseKernels
import SparsityCore

/// The dense product of a layer, ready to be computed again and again.
struct DenseLayerProduct {
  private let operands: LayerOperands
  private var result: [Float]

  /// Prepares the product.
  init(_ operands: LayerOperands) {
    self.operands = operands
    result = Array(repeating: 0, count: operands.tokens * operands.outputs)
  }

  /// Computes the product.
  mutating func run() {
    Self.multiply(operands, into: &result)
  }

  private static func multiply(_ operands: LayerOperands, into result: inout [Float]) {
    var target = result.mutableSpan
    multiplyDense(
      weights: operands.weights.span, outputs: operands.outputs, inputs: operands.inputs,
      by: operands.activations.span, tokens: operands.tokens, bias: operands.bias.span,
      into: &target)
  }
}

/// The product of a layer with weights in an N:M pattern, ready to be computed again and again.
struct SparseLayerProduct {
  private let operands: LayerOperands
  private let weights: CompressedWeights
  private let variant: KernelVariant
  private var result: [Float]
  private var scratch: [Float]

  /// Prunes the weights by magnitude and packs them.
  init(_ operands: LayerOperands, pattern: NMPattern, variant: KernelVariant) {
    let (outputs, inputs) = (operands.outputs, operands.inputs)
    let pruned = magnitudePruned(
      weights: operands.weights.span, outputs: outputs, inputs: inputs, pattern: pattern)
    do throws(SparseKernelError) {
      weights = try CompressedWeights(
        pruned: pruned.span, outputs: outputs, inputs: inputs, pattern: pattern)
    } catch {
      preconditionFailure("pruning left too many weights: \(error)")
    }
    self.operands = operands
    self.variant = variant
    result = Array(repeating: 0, count: operands.tokens * outputs)
    scratch = Array(repeating: 0, count: scratchCount(outputs: outputs, inputs: inputs))
  }

  /// Computes the product.
  mutating func run() {
    Self.multiply(operands, weights, variant, into: &result, scratch: &scratch)
  }

  private static func multiply(
    _ operands: LayerOperands, _ weights: CompressedWeights, _ variant: KernelVariant,
    into result: inout [Float], scratch: inout [Float]
  ) {
    var target = result.mutableSpan
    var free = scratch.mutableSpan
    SparseKernels.multiply(
      weights, by: operands.activations.span, tokens: operands.tokens, bias: operands.bias.span,
      into: &target, scratch: &free, variant: variant)
  }
}
