import LinearAlgebra
import Pruning
import SparseKernels
import SparsityCore

/// The dense product of a layer, ready to be computed again and again.
///
/// Weights are packed as oneDNN likes them; bf16 without bf16 instructions is multiplied in fp32.
struct DenseLayerProduct: ~Copyable {
  private let operands: LayerOperands
  private let weights: DenseWeights
  private let rounded: [BF16]
  private var products = DenseProducts()
  private var result: [Float]
  private var roundedResult: [BF16]

  /// Prepares the product.
  init(_ operands: LayerOperands, format: DenseFormat) {
    self.operands = operands
    weights = DenseWeights(
      operands.weights.span, outputs: operands.outputs, inputs: operands.inputs, format: format)
    rounded = operands.activations.map { BF16(rounding: $0) }
    result = Array(repeating: 0, count: operands.tokens * operands.outputs)
    roundedResult = Array(repeating: .zero, count: operands.tokens * operands.outputs)
  }

  /// Computes the product.
  mutating func run() {
    switch weights.format {
    case .f32: Self.multiply(operands, weights, &products, into: &result)
    case .bf16: Self.multiply(operands, rounded, weights, &products, into: &roundedResult)
    }
  }

  private static func multiply(
    _ operands: LayerOperands, _ weights: DenseWeights, _ products: inout DenseProducts,
    into result: inout [Float]
  ) {
    var target = result.mutableSpan
    products.multiply(
      weights, by: operands.activations.span, tokens: operands.tokens, bias: operands.bias.span,
      adds: false, into: &target)
  }

  private static func multiply(
    _ operands: LayerOperands, _ rounded: [BF16], _ weights: DenseWeights,
    _ products: inout DenseProducts, into result: inout [BF16]
  ) {
    var target = result.mutableSpan
    products.multiply(
      weights, by: rounded.span, tokens: operands.tokens, bias: operands.bias.span, into: &target)
  }
}

/// The product of a layer with weights in an N:M pattern, ready to be computed again and again.
struct SparseLayerProduct {
  private let operands: LayerOperands
  private let precision: Precision
  private let columns: CompressedWeights
  private let pairs: PairWeights?
  private let variant: KernelVariant
  private let rounded: [BF16]
  private var result: [Float]
  private var roundedResult: [BF16]
  private var scratch: [Float]

  /// Prunes the weights by magnitude and packs them.
  init(
    _ operands: LayerOperands, pattern: NMPattern, precision: Precision, variant: KernelVariant
  ) {
    let (outputs, inputs) = (operands.outputs, operands.inputs)
    let pruned = magnitudePruned(
      weights: operands.weights.span, outputs: outputs, inputs: inputs, pattern: pattern)
    let compressed: CompressedWeights
    do throws(SparseKernelError) {
      compressed = try CompressedWeights(
        pruned: pruned.span, outputs: outputs, inputs: inputs, pattern: pattern)
    } catch {
      preconditionFailure("pruning left too many weights: \(error)")
    }
    let takesPairs = precision == .bf16 && variant == .avx512bf16
    self.operands = operands
    self.precision = precision
    self.variant = variant
    columns = precision == .bf16 ? compressed.rounded() : compressed
    pairs = takesPairs ? PairWeights(compressed) : nil
    rounded = operands.activations.map { BF16(rounding: $0) }
    result = Array(repeating: 0, count: operands.tokens * outputs)
    roundedResult = Array(repeating: .zero, count: operands.tokens * outputs)
    scratch = Array(repeating: 0, count: scratchCount(outputs: outputs, inputs: inputs))
  }

  /// Computes the product with the kernel that the variant has for the pattern.
  mutating func run() {
    switch (precision, pairs) {
    case (.f32, _): Self.multiply(operands, columns, variant, into: &result, &scratch)
    case (.bf16, let pairs?):
      Self.multiply(operands, rounded, pairs, variant, into: &roundedResult, &scratch)
    case (.bf16, nil):
      Self.multiply(operands, rounded, columns, variant, into: &roundedResult, &scratch)
    }
  }

  private static func multiply(
    _ operands: LayerOperands, _ columns: CompressedWeights, _ variant: KernelVariant,
    into result: inout [Float], _ scratch: inout [Float]
  ) {
    var target = result.mutableSpan
    var free = scratch.mutableSpan
    SparseKernels.multiply(
      columns, by: operands.activations.span, tokens: operands.tokens, bias: operands.bias.span,
      epilogue: .store, into: &target, scratch: &free, variant: variant)
  }

  private static func multiply(
    _ operands: LayerOperands, _ rounded: [BF16], _ pairs: PairWeights,
    _ variant: KernelVariant, into result: inout [BF16], _ scratch: inout [Float]
  ) {
    var target = result.mutableSpan
    var free = scratch.mutableSpan
    SparseKernels.multiply(
      pairs, by: rounded.span, tokens: operands.tokens, bias: operands.bias.span,
      epilogue: .store, into: &target, scratch: &free, variant: variant)
  }

  private static func multiply(
    _ operands: LayerOperands, _ rounded: [BF16], _ columns: CompressedWeights,
    _ variant: KernelVariant, into result: inout [BF16], _ scratch: inout [Float]
  ) {
    var target = result.mutableSpan
    var free = scratch.mutableSpan
    SparseKernels.multiply(
      columns, by: rounded.span, tokens: operands.tokens, bias: operands.bias.span,
      epilogue: .store, into: &target, scratch: &free, variant: variant)
  }
}
