import SparsityCore

/// The multiply-accumulates of one image as the ELSA paper counts them (arXiv 2409.09708).
///
/// Patch embedding, two norms and the two attention products of each block, and each prunable
/// layer scaled by N/M. The head, the last norm, softmax and biases are not counted.
struct PaperMacs {
  /// What does not depend on the patterns.
  let fixed: Int64
  /// The tokens of an image.
  private let tokens: Int

  /// Counts what does not depend on the patterns.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  init(shape: TransformerShape) throws(AcceleratorError) {
    let name = "the multiply-accumulates"
    tokens = shape.tokens
    fixed = try checkedSum(
      [
        try checkedProduct([shape.patches, shape.width, shape.patchValues], of: name),
        try checkedProduct([shape.depth, 2, tokens, shape.width], of: name),
        try checkedProduct([shape.depth, 2, tokens, tokens, shape.width], of: name),
      ], of: name)
  }

  /// Returns the count of one prunable layer: L·K·N·(kept ÷ group size), rounded down.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  func macs(of product: MatrixProduct, pattern: NMPattern) throws(AcceleratorError) -> Int64 {
    try checkedProduct(
      [tokens, product.inputs, product.outputs, pattern.kept], of: "the multiply-accumulates")
      / Int64(pattern.groupSize)
  }
}
