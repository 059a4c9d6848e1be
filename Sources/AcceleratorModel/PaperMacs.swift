import SparsityCore

/// The multiply-accumulates of one image as the ELSA paper counts them (arXiv 2409.09708).
///
/// DeiT: patch embedding, two norms and the two attention products of each block, and each prunable
/// layer scaled by N/M. The head, the last norm, softmax and biases are not counted. Swin counts
/// the head, the last norm and patch merging too.
struct PaperMacs {
  /// What does not depend on the patterns.
  let fixed: Int64

  /// Counts what does not depend on the patterns.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  init(shape: ModelShape) throws(AcceleratorError) {
    let sum =
      switch shape {
      case .transformer(let shape): Self.fixed(of: shape)
      case .swin(let shape): Self.fixed(of: shape)
      }
    fixed = try checked(sum, of: Self.name)
  }

  /// What errors call the quantity.
  private static let name: StaticString = "the multiply-accumulates"

  private static func product(_ factors: Int...) -> Int128 {
    factors.reduce(1) { $0 * Int128($1) }
  }

  private static func fixed(of shape: TransformerShape) -> Int128 {
    let (tokens, width) = (shape.tokens, shape.width)
    return product(shape.patches, width, shape.patchValues)
      + product(shape.depth, 2, tokens, width) + product(shape.depth, 2, tokens, tokens, width)
  }

  private static func fixed(of shape: SwinShape) -> Int128 {
    let first = shape.side(ofStage: 0)
    var sum = product(first, first, shape.embeddingWidth, shape.patchValues + 1)
    for stage in shape.depths.indices {
      let (side, width) = (shape.side(ofStage: stage), shape.width(ofStage: stage))
      let window = shape.window(ofStage: stage)
      let norms = product(2, width, side, side)
      let attention = product(side, side, 2, window, window, width)
      sum += Int128(shape.depths[stage]) * (norms + attention)
      if stage + 1 < shape.depths.count {
        let next = side / 2
        sum += product(side, side, width) + product(next, next, 8, width, width)
      }
    }
    // The published code divides by 2⁴ where the last stage's side asks for 4³.
    let lastNorm = product(shape.finalWidth, first, first) / Int128(1 << shape.depths.count)
    return sum + lastNorm + product(shape.finalWidth, shape.classes)
  }

  /// Returns the count of one prunable layer on one image's tokens: L·K·N·(kept ÷ group size),
  /// rounded down.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  func macs(
    of product: MatrixProduct, batch: Int, pattern: NMPattern
  ) throws(AcceleratorError) -> Int64 {
    let dense = try checkedProduct(
      product.tokens / batch, product.inputs, product.outputs, of: Self.name)
    return try checkedProduct(dense, pattern.kept, of: Self.name) / Int64(pattern.groupSize)
  }
}
