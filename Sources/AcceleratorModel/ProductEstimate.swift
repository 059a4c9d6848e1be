import SparsityCore

/// What a step's time is limited by.
package enum Bound: String, CaseIterable, Hashable, Sendable {
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
package struct Traffic: Hashable, Sendable {
  /// The bits of weights and metadata read.
  package var weightBits: Int64 = 0
  /// The bits of inputs read.
  package var inputBits: Int64 = 0
  /// The bits of outputs written and of partial sums moved.
  package var outputBits: Int64 = 0

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
package enum RightOperand: Hashable, Sendable {
  /// Weights, which may be sparse and are stored before.
  case weights
  /// Activations, as in the products of attention.
  case activations
}

/// The estimate of one step: equal matrix products on an accelerator.
package struct ProductEstimate: Hashable, Sendable {
  package let product: MatrixProduct
  /// How often it runs.
  package let count: Int
  /// The pattern that was asked for.
  package let pattern: NMPattern
  /// The pattern that the accelerator runs instead, or the same.
  package let executedPattern: NMPattern
  /// The cycles of all runs, waits included.
  package let cycles: Int64
  /// The cycles in which the engine waits for memory.
  package let stallCycles: Int64
  /// The multiply-accumulates of all runs with the kept weights of ``pattern``.
  package let macs: Int64
  /// The multiply-accumulates of the dense products.
  package let denseMacs: Int64
  /// The bits of the stored weights and their places; 0 where the right operand is activations.
  package let weightBits: Int64
  /// What moves to and from the memory outside.
  package let traffic: Traffic
  /// What moves between the engine and on-chip memory; `nil` where the engine hides it.
  package let accesses: Accesses?
  /// The energy of all runs, rounded up; `nil` if the profile does not model it.
  package let energyPicojoules: Int64?
  /// What the time is limited by.
  package let bound: Bound
  /// Where the time comes from.
  package let evidence: Evidence
  /// The cycles at the tenth and ninetieth percentile of measurements.
  package let cycleRange: ClosedRange<Int64>
}

/// Returns the estimate of a product of `m` × `k` by `k` × `n`, as in `estimate --gemm`.
///
/// - Throws: ``AcceleratorError`` for a size out of range or a count beyond 64 bits.
package func gemmCost(
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
