import SparsityCore

/// The summands of a candidate's cost that one step of the forward pass contributes.
package struct CostEntry: Hashable, Sendable {
  /// The cycles of one batch.
  package var cycles: Int64
  /// The multiply-accumulates of one image.
  package var macs: Int64
  /// The multiply-accumulates of one image as the ELSA paper counts them.
  package var elsaMacs: Int64
  /// The bits of the stored weights and their places.
  package var weightBits: Int64
  /// The picojoules of one batch.
  package var energyPicojoules: Int64

  package init(
    cycles: Int64 = 0, macs: Int64 = 0, elsaMacs: Int64 = 0, weightBits: Int64 = 0,
    energyPicojoules: Int64 = 0
  ) {
    self.cycles = cycles
    self.macs = macs
    self.elsaMacs = elsaMacs
    self.weightBits = weightBits
    self.energyPicojoules = energyPicojoules
  }

  /// Returns the sum of two entries.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  package func adding(_ other: CostEntry) throws(AcceleratorError) -> CostEntry {
    CostEntry(
      cycles: try checkedSum(cycles, other.cycles, of: "the cycles"),
      macs: try checkedSum(macs, other.macs, of: "the multiply-accumulates"),
      elsaMacs: try checkedSum(elsaMacs, other.elsaMacs, of: "the multiply-accumulates"),
      weightBits: try checkedSum(weightBits, other.weightBits, of: "the bits of weights"),
      energyPicojoules: try checkedSum(
        energyPicojoules, other.energyPicojoules, of: "the energy"))
  }

  /// Returns the entry that is as large as the larger of two in each field.
  func maximum(_ other: CostEntry) -> CostEntry {
    CostEntry(
      cycles: max(cycles, other.cycles), macs: max(macs, other.macs),
      elsaMacs: max(elsaMacs, other.elsaMacs), weightBits: max(weightBits, other.weightBits),
      energyPicojoules: max(energyPicojoules, other.energyPicojoules))
  }

  /// Returns the entry that is as small as the smaller of two in each field.
  func minimum(_ other: CostEntry) -> CostEntry {
    CostEntry(
      cycles: min(cycles, other.cycles), macs: min(macs, other.macs),
      elsaMacs: min(elsaMacs, other.elsaMacs), weightBits: min(weightBits, other.weightBits),
      energyPicojoules: min(energyPicojoules, other.energyPicojoules))
  }

  /// Adds an entry where the sum is known to fit.
  package static func += (lhs: inout CostEntry, rhs: CostEntry) {
    lhs.cycles += rhs.cycles
    lhs.macs += rhs.macs
    lhs.elsaMacs += rhs.elsaMacs
    lhs.weightBits += rhs.weightBits
    lhs.energyPicojoules += rhs.energyPicojoules
  }
}
