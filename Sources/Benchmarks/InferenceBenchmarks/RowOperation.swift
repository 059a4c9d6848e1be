import NetworkArchitectures
import SparseKernels
import SparsityCore

/// What a forward pass does beside products with weights.
package enum RowOperation: String, CaseIterable, Hashable, Sendable {
  /// The attention of all heads of one image.
  case attention
  /// The normalisation of all tokens of one image.
  case layerNorm
  /// GELU on the hidden layer of one image.
  case gelu

  /// Returns how many results the operation has for one image.
  package func valueCount(of block: NetworkBlock) -> Int {
    block.tokens * (self == .gelu ? block.hiddenWidth : block.width)
  }

  /// Returns the multiply-adds of the products in the operation, zero where it has none.
  package func multiplyAdds(of block: NetworkBlock) -> Int {
    self == .attention ? 2 * block.tokens * block.tokens * block.width : 0
  }
}

/// The operands of an operation on one image.
private struct RowOperands {
  let attention: AttentionShape
  let input: [Float]
  let scale: [Float]
  let result: [Float]

  /// Draws the operands.
  init(_ operation: RowOperation, block: NetworkBlock) {
    var generator = SeededGenerator(seed: 1)
    attention = AttentionShape(
      tokens: block.tokens, heads: block.heads, headWidth: block.width / block.heads)
    input = generator.floats(count: block.tokens * 3 * block.width, magnitudeMax: 1)
    scale = generator.floats(count: block.width, magnitudeMax: 1)
    // GELU works in place: from 6 on it is the identity, so that no run changes the next one's.
    result = generator.floats(count: operation.valueCount(of: block), magnitudeMax: 1).map {
      $0 + 7
    }
  }
}

/// One operation in fp32, ready to be done again and again.
struct FloatOperation {
  private let operation: RowOperation
  private let block: NetworkBlock
  private let variant: KernelVariant
  private let operands: RowOperands
  private var result: [Float]
  private var scratch: [Float]

  /// Draws the operands.
  init(_ operation: RowOperation, block: NetworkBlock, variant: KernelVariant) {
    self.operation = operation
    self.block = block
    self.variant = variant
    operands = RowOperands(operation, block: block)
    result = operands.result
    scratch = Array(repeating: 0, count: operands.attention.scratchCount)
  }

  /// Does the operation.
  mutating func run() {
    Self.perform(
      operation, block, variant, operands, into: &result, scratch: &scratch)
  }

  private static func perform(
    _ operation: RowOperation, _ block: NetworkBlock, _ variant: KernelVariant,
    _ operands: RowOperands, into result: inout [Float], scratch: inout [Float]
  ) {
    var target = result.mutableSpan
    switch operation {
    case .attention:
      var free = scratch.mutableSpan
      attend(
        operands.input.span, shape: operands.attention, queries: block.tokens,
        scale: 1 / Float(operands.attention.headWidth).squareRoot(), into: &target, scratch: &free,
        variant: variant)
    case .layerNorm:
      SparseKernels.layerNorm(
        operands.input.span.extracting(0..<block.tokens * block.width), rows: block.tokens,
        width: block.width, scale: operands.scale.span, shift: operands.scale.span,
        epsilon: 1e-6, into: &target, variant: variant)
    case .gelu:
      SparseKernels.gelu(&target, variant: variant)
    }
  }
}

/// One operation in bf16, ready to be done again and again.
struct BF16Operation {
  private let operation: RowOperation
  private let block: NetworkBlock
  private let variant: KernelVariant
  private let operands: RowOperands
  private let narrowInput: [BF16]
  private var result: [BF16]
  private var scratch: [Float]

  /// Draws the operands.
  init(_ operation: RowOperation, block: NetworkBlock, variant: KernelVariant) {
    self.operation = operation
    self.block = block
    self.variant = variant
    operands = RowOperands(operation, block: block)
    narrowInput = narrowed(operands.input, variant)
    result = narrowed(operands.result, variant)
    scratch = Array(repeating: 0, count: operands.attention.scratchCount)
  }

  /// Does the operation.
  mutating func run() {
    Self.perform(
      operation, block, variant, operands, narrowInput, into: &result, scratch: &scratch)
  }

  private static func perform(
    _ operation: RowOperation, _ block: NetworkBlock, _ variant: KernelVariant,
    _ operands: RowOperands, _ narrowInput: [BF16], into result: inout [BF16],
    scratch: inout [Float]
  ) {
    var target = result.mutableSpan
    switch operation {
    case .attention:
      var free = scratch.mutableSpan
      attend(
        narrowInput.span, shape: operands.attention, queries: block.tokens,
        scale: 1 / Float(operands.attention.headWidth).squareRoot(), into: &target, scratch: &free,
        variant: variant)
    case .layerNorm:
      SparseKernels.layerNorm(
        operands.input.span.extracting(0..<block.tokens * block.width), rows: block.tokens,
        width: block.width, scale: operands.scale.span, shift: operands.scale.span,
        epsilon: 1e-6, into: &target, variant: variant)
    case .gelu:
      SparseKernels.gelu(&target, variant: variant)
    }
  }
}

/// Rounds numbers to bf16.
private func narrowed(_ numbers: [Float], _ variant: KernelVariant) -> [BF16] {
  var result = [BF16](repeating: .zero, count: numbers.count)
  var target = result.mutableSpan
  narrow(numbers.span, into: &target, variant: variant)
  return result
}
