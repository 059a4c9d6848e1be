/// How a product runs on an array or a tile engine: folds of equal length, and what they touch.
struct Schedule: Hashable, Sendable {
  /// The folds or tiles, F.
  var folds: Int64
  /// The cycles of each, L.
  var cyclesPerFold: Int
  /// The cycles before the first and after the last.
  var extraCycles: Int
  /// How often the weights are read from memory if they do not stay on the chip.
  var weightPasses = 1
  /// How often the inputs are read from memory if they do not stay on the chip.
  var inputPasses = 1
  /// The values that accumulate over ``accumulationPasses`` folds.
  var accumulatedValues: Int64 = 0
  /// The folds that add up to one output.
  var accumulationPasses = 1
  /// The words that move between the array and on-chip memory.
  var accesses: Accesses

  /// The cycles without a wait for memory.
  ///
  /// - Throws: ``AcceleratorError/tooLarge(_:)`` beyond 64 bits.
  func cycles() throws(AcceleratorError) -> Int64 {
    try checkedSum(
      checkedProduct(folds, cyclesPerFold, of: "the cycles"), Int64(extraCycles),
      of: "the cycles")
  }

  /// Returns the cycles with waits, when memory needs `memoryCycles` in all.
  ///
  /// With double buffers, a fold's traffic of 1/F of the whole arrives during the fold before:
  /// T = X/F + (F − 1)·max(L, X/F) + L. T never falls when F, L or X grows, whatever they are.
  /// Without, memory and array take turns.
  func cycles(
    waitingFor memoryCycles: Int128, isDoubleBuffered: Bool
  ) throws(AcceleratorError) -> Int64 {
    let busy = Int128(try cycles())
    let folded = busy - Int128(extraCycles)
    guard isDoubleBuffered else {
      return try checked(busy + memoryCycles, of: "the cycles")
    }
    let waiting =
      memoryCycles >= folded
      ? memoryCycles + Int128(cyclesPerFold) + Int128(extraCycles)
      : busy + ceilingQuotient(memoryCycles, by: Int128(folds))
    return try checked(waiting, of: "the cycles")
  }
}

/// The words that move between an engine and its on-chip memory.
package struct Accesses: Hashable, Sendable {
  /// The activations read.
  package var inputReads: Int128 = 0
  package var weightReads: Int128 = 0
  /// The outputs and partial sums written.
  package var outputWrites: Int128 = 0
  /// The partial sums read again.
  package var outputReads: Int128 = 0
  /// The bits of metadata read.
  package var metadataBits: Int128 = 0
}
