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
    tokens = shape.tokens
    let embedding = try Self.product(shape.patches, shape.width, shape.patchValues)
    let norms = try Self.product(shape.depth, 2 * tokens, shape.width)
    let attention = try checkedProduct(
      Self.product(shape.depth, 2 * tokens, tokens), shape.width, of: Self.name)
    fixed = try checkedSum(checkedSum(embedding, norms, of: Self.name), attention, of: Self.name)
  }

  /// What errors call the quantity.
  private static let name: StaticString = "the multiply-accumulates"

  /// Returns a checked product of three sizes.
  private static func product(
    _ first: Int, _ second: Int, _ third: Int
  ) throws(AcceleratorError) -> Int64 {
    try checkedProduct(first, second, third, of: name)
  }

  /// Returns the count of one prunable layer: L·K·N·(kept ÷ group size), rounded down.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  func macs(of product: MatrixProduct, pattern: NMPattern) throws(AcceleratorError) -> Int64 {
    let dense = try Self.product(tokens, product.inputs, product.outputs)
    return try checkedProduct(dense, pattern.kept, of: Self.name) / Int64(pattern.groupSize)
  }
}
