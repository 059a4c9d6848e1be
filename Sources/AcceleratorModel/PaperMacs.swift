import NetworkArchitectures
import SparsityCore

/// The multiply-accumulates of one image as the ELSA paper counts them (arXiv 2409.09708): those
/// of each step as its network says, of prunable layers scaled by N/M.
struct PaperMacs {
  /// What does not depend on the patterns.
  let fixed: Int64

  /// Counts what does not depend on the patterns.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  init(network: Network) throws(AcceleratorError) {
    let sum = network.operations.filter { $0.prunableLayer == nil }.reduce(Int128(0)) {
      $0 + $1.paperMacs
    }
    fixed = try checked(sum, of: Self.name)
  }

  /// What errors call the quantity.
  private static let name: StaticString = "the multiply-accumulates"

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
