import SparsityCore

/// What a step's time is limited by.
public enum Bound: String, CaseIterable, Hashable, Sendable {
  /// The multiply-accumulates of the engine.
  case compute
  /// The weights that come from memory.
  case weight
  /// The inputs that come from memory.
  case ifmap
  /// The outputs and partial sums that go to memory.
  case ofmap
  /// The start of a kernel.
  case launch
  /// The vector unit.
  case vector
}

/// The bits that a step moves to and from the memory outside.
public struct Traffic: Hashable, Sendable {
  /// The bits of weights and metadata read.
  public var weightBits: Int64 = 0
  /// The bits of inputs read.
  public var inputBits: Int64 = 0
  /// The bits of outputs written and of partial sums moved.
  public var outputBits: Int64 = 0

  /// All bits.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  func total() throws(AcceleratorError) -> Int64 {
    try checkedSum(
      checkedSum(weightBits, inputBits, of: "the traffic"), outputBits, of: "the traffic")
  }

  /// The largest of the three.
  var bound: Bound {
    if weightBits >= max(inputBits, outputBits) { return .weight }
    return inputBits >= outputBits ? .ifmap : .ofmap
  }
}

/// What the right matrix of a product is.
public enum RightOperand: Hashable, Sendable {
  /// Weights, which may be sparse and are stored before.
  case weights
  /// Activations, as in the products of attention.
  case activations
}

/// The estimate of one step: equal matrix products on an accelerator.
public struct ProductEstimate: Hashable, Sendable {
  /// The product.
  public let product: MatrixProduct
  /// How often it runs.
  public let count: Int
  /// The pattern that was asked for.
  public let pattern: NMPattern
  /// The pattern that the accelerator runs instead, or the same.
  public let executedPattern: NMPattern
  /// The cycles of all runs, waits included.
  public let cycles: Int64
  /// The cycles in which the engine waits for memory.
  public let stallCycles: Int64
  /// The multiply-accumulates of all runs with the kept weights of ``pattern``.
  public let macs: Int64
  /// The multiply-accumulates of the dense products.
  public let denseMacs: Int64
  /// The bits of the stored weights and their places; 0 where the right operand is activations.
  public let weightBits: Int64
  /// What moves to and from the memory outside.
  public let traffic: Traffic
  /// What moves between the engine and on-chip memory; `nil` where the engine hides it.
  public let accesses: Accesses?
  /// The energy of all runs, rounded up; `nil` if the profile does not model it.
  public let energyPicojoules: Int64?
  /// What the time is limited by.
  public let bound: Bound
  /// Where the time comes from.
  public let evidence: Evidence
  /// The cycles at the tenth and ninetieth percentile of measurements.
  public let cycleRange: ClosedRange<Int64>
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
