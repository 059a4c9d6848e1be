import SparsityCore

/// A matrix engine whose instructions multiply tiles, such as VEGETA's.
///
/// An instruction takes a tile of `inputs` kept weights by `outputs`, whatever the pattern, and the
/// inputs that they select from. A product is I = ⌈N/outputs⌉·⌈M/tokens⌉·⌈k/inputs⌉ instructions,
/// one every II cycles, and a fill.
package struct TileEngine: Hashable, Sendable {
  package let tokens: Int
  /// The kept inputs of a tile.
  package let inputs: Int
  package let outputs: Int
  /// The cycles between two instructions whose operands are there.
  package let cyclesPerTile: Int
  /// The cycles from the first instruction's start to its end, less those between two.
  package let fillCycles: Int
  /// The bytes of operands that reach the engine in a cycle; `nil` means enough.
  package let operandBytesPerCycle: Int?

  /// The sides and cycles that a tile may have.
  package static let sizeRange = 1...65536

  package init(
    tokens: Int, inputs: Int, outputs: Int, cyclesPerTile: Int, fillCycles: Int,
    operandBytesPerCycle: Int?
  ) {
    for size in [tokens, inputs, outputs, cyclesPerTile] {
      precondition(Self.sizeRange.contains(size))
    }
    precondition((0...65536).contains(fillCycles))
    precondition(operandBytesPerCycle.map(Self.sizeRange.contains) ?? true)
    self.tokens = tokens
    self.inputs = inputs
    self.outputs = outputs
    self.cyclesPerTile = cyclesPerTile
    self.fillCycles = fillCycles
    self.operandBytesPerCycle = operandBytesPerCycle
  }

  /// Returns how one product runs.
  func schedule(
    of product: MatrixProduct, pattern: NMPattern, storage: WeightStorage, widths: OperandWidths
  ) throws(AcceleratorError) -> Schedule {
    let kept = pattern.keptCount(ofInputs: product.inputs)
    let inputTiles = ceilingQuotient(kept, by: inputs)
    let outputTiles = ceilingQuotient(product.outputs, by: outputs)
    let tokenTiles = ceilingQuotient(product.tokens, by: tokens)
    var schedule = Schedule(
      folds: try checkedProduct(tokenTiles, outputTiles, inputTiles, of: "the cycles"),
      cyclesPerFold: interval(product, pattern: pattern, format: storage.format, widths: widths),
      extraCycles: fillCycles, accesses: Accesses())
    schedule.inputPasses = outputTiles
    schedule.weightPasses = tokenTiles
    schedule.accesses.inputReads =
      Int128(product.tokens) * Int128(product.inputs) * Int128(outputTiles)
    schedule.accesses.weightReads = Int128(kept) * Int128(product.outputs) * Int128(tokenTiles)
    schedule.accesses.outputWrites = Int128(product.tokens) * Int128(product.outputs)
    return schedule
  }

  /// Returns the cycles between two instructions, with the time that operands need to arrive.
  private func interval(
    _ product: MatrixProduct, pattern: NMPattern, format: MetadataFormat, widths: OperandWidths
  ) -> Int {
    guard let operandBytesPerCycle else { return cyclesPerTile }
    let kept = min(inputs, pattern.keptCount(ofInputs: product.inputs))
    let span = min(product.inputs, kept * pattern.groupSize / pattern.kept)
    let metadata = pattern.isDense ? 0 : pattern.metadataBits(ofInputs: span, format: format)
    let bits =
      tokens * span * widths.activationBits + outputs * (kept * widths.weightBits + metadata)
    return max(cyclesPerTile, ceilingQuotient(bits, by: 8 * operandBytesPerCycle))
  }
}
