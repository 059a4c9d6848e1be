extension Float {
  /// The bits of the nearest bf16 number, ties to even; what is smaller than any normal number is
  /// a zero of its sign, as the processors' own conversion has it.
  ///
  /// - Precondition: the number is not a NaN.
  package var bf16Bits: UInt16 {
    precondition(!isNaN)
    let bits = bitPattern
    guard isNormal || isInfinite else { return UInt16(bits >> 31) << 15 }
    return UInt16(truncatingIfNeeded: (bits + 0x7fff + (bits >> 16 & 1)) >> 16)
  }

  /// The nearest bf16 number, see ``bf16Bits``.
  public var roundedToBF16: Float { Float(bitPattern: UInt32(bf16Bits) << 16) }
}

extension CompressedWeights {
  /// Returns the weights with every value rounded to bf16.
  ///
  /// - Complexity: O(kept weights).
  public func rounded() -> CompressedWeights {
    CompressedWeights(
      outputs: outputs, inputs: inputs, pattern: pattern, values: values.map(\.roundedToBF16),
      columns: columns)
  }
}
