import SparsityCore

/// What a layer's time is limited by.
public enum Bound: String, CaseIterable, Hashable, Sendable {
  /// The multiply-accumulates of the array.
  case compute
}

/// The estimate of one matrix product on an accelerator.
public struct ProductEstimate: Hashable, Sendable {
  /// The product.
  public let product: MatrixProduct
  /// The pattern that was asked for.
  public let pattern: NMPattern
  /// The pattern that the accelerator runs instead, or the same.
  public let executedPattern: NMPattern
  /// The cycles of the product.
  public let cycles: Int64
  /// The multiply-accumulates with the kept weights of `pattern`.
  public let macs: Int64
  /// The multiply-accumulates of the dense product.
  public let denseMacs: Int64
  /// What the time is limited by.
  public let bound: Bound
}

extension AcceleratorProfile {
  /// Returns the estimate of one product whose right matrix has a pattern.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  public func estimate(
    _ product: MatrixProduct, pattern: NMPattern
  ) throws(AcceleratorError) -> ProductEstimate {
    ProductEstimate(
      product: product, pattern: pattern, executedPattern: pattern,
      cycles: try engine.cycles(of: product, pattern: pattern),
      macs: try product.macs(keeping: pattern), denseMacs: try product.macs(keeping: .dense),
      bound: .compute)
  }
}

/// Returns the estimate of a product of `m` × `k` by `k` × `n`, as in `estimate --gemm`.
///
/// - Throws: ``AcceleratorError`` for a size out of range or a count beyond 64 bits.
public func gemmCost(
  m: Int, k: Int, n: Int, pattern: NMPattern, profile: AcceleratorProfile
) throws(AcceleratorError) -> ProductEstimate {
  for (name, value) in [("m", m), ("k", k), ("n", n)] where !productSizeRange.contains(value) {
    throw .outOfRange(name: name, value: value, allowed: productSizeRange)
  }
  let product = MatrixProduct(tokens: m, inputs: k, outputs: n)
  return try profile.estimate(product, pattern: pattern)
}

/// The sizes that a single product may have.
private let productSizeRange = 1...1_000_000_000
