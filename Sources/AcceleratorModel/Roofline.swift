import SparsityCore

/// The rate at which an accelerator runs products of one pattern.
package struct LevelRate: Hashable, Sendable {
  package var pattern: NMPattern
  /// The peak, in operations of the dense product a second; a multiply-accumulate is two.
  package var operationsPerSecond: Int
  /// The share of the peak that kernels reach, in millionths.
  package var efficiencyMillionths: Int
  /// The time that a kernel takes before it computes.
  package var launchNanoseconds: Int

  /// The peaks that a level may have.
  package static let operationRange = 1...1_000_000_000_000_000_000
  /// The efficiencies that a level may have; above one where the stated peak is too low.
  package static let efficiencyRange = 1...2_000_000
  /// The launch times that a level may have.
  package static let launchRange = 0...1_000_000_000

  package init(
    pattern: NMPattern, operationsPerSecond: Int, efficiencyMillionths: Int,
    launchNanoseconds: Int
  ) {
    precondition(Self.operationRange.contains(operationsPerSecond))
    precondition(Self.efficiencyRange.contains(efficiencyMillionths))
    precondition(Self.launchRange.contains(launchNanoseconds))
    self.pattern = pattern
    self.operationsPerSecond = operationsPerSecond
    self.efficiencyMillionths = efficiencyMillionths
    self.launchNanoseconds = launchNanoseconds
  }
}

/// An accelerator known by its peak rates and the share of them that kernels reach.
///
/// A product takes launch + max(operations ÷ (peak · efficiency), bytes ÷ bandwidth). Efficiencies
/// and launch times are those of a kernel library, for dense and sparse products apart.
package struct Roofline: Hashable, Sendable {
  /// The rates of the levels, dense among them, from sparsest to densest.
  package let rates: [LevelRate]
  /// The units that share the tiles of a product, and the sides of a tile; `nil` if the work is
  /// not counted in whole waves.
  package let waves: Waves?

  /// How a product is cut into tiles, which run in waves of one tile a unit.
  package struct Waves: Hashable, Sendable {
    /// The units, such as streaming multiprocessors.
    package var units: Int
    /// The tokens of a tile.
    package var tokens: Int
    /// The outputs of a tile.
    package var outputs: Int

    package init(units: Int, tokens: Int, outputs: Int) {
      for size in [units, tokens, outputs] { precondition(TileEngine.sizeRange.contains(size)) }
      self.units = units
      self.tokens = tokens
      self.outputs = outputs
    }
  }

  /// Creates a roofline.
  ///
  /// - Throws: ``AcceleratorError/noDenseRate``.
  package init(rates: [LevelRate], waves: Waves?) throws(AcceleratorError) {
    guard rates.contains(where: \.pattern.isDense) else { throw .noDenseRate }
    precondition(Set(rates.map(\.pattern)).count == rates.count)
    self.rates = rates.sorted { $0.pattern < $1.pattern }
    self.waves = waves
  }

  /// The patterns that have a rate.
  package var levels: SupportedLevels { .only(rates.map(\.pattern)) }

  /// Returns the rate of a pattern; dense in whatever notation.
  func rate(of pattern: NMPattern) -> LevelRate {
    let rate = rates.first { $0.pattern == pattern || ($0.pattern.isDense && pattern.isDense) }
    guard let rate else { preconditionFailure("\(pattern) is no level of the roofline") }
    return rate
  }

  /// Returns the cycles that `count` equal products compute for, without launch.
  func computeCycles(
    of product: MatrixProduct, count: Int, rate: LevelRate, clockHertz: Int
  ) throws(AcceleratorError) -> Int128 {
    let wholeTiles = Int128(product.tokens) * Int128(product.outputs) * Int128(count)
    var computed = wholeTiles
    if let waves {
      // A tile never is larger than the product, as libraries have tiles for small products.
      let tokens = min(waves.tokens, product.tokens)
      let outputs = min(waves.outputs, product.outputs)
      let tiles =
        Int128(count) * Int128(ceilingQuotient(product.tokens, by: tokens))
        * Int128(ceilingQuotient(product.outputs, by: outputs))
      let rounds = ceilingQuotient(tiles, by: Int128(waves.units))
      computed = rounds * Int128(waves.units) * Int128(tokens) * Int128(outputs)
    }
    let name: StaticString = "the operations"
    let outputs = try checked(computed, of: name)
    let operations = try checkedProduct(
      checkedProduct(outputs, product.inputs, of: name), 2, of: name)
    return ceilingQuotient(
      Int128(operations) * Int128(clockHertz) * Int128(millionths),
      by: Int128(rate.operationsPerSecond) * Int128(rate.efficiencyMillionths))
  }
}
