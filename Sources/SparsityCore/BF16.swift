/// A number in bf16: the sign, exponent and first seven fraction bits of a single-precision one.
///
/// Nothing is computed in it: kernels widen, compute in single precision and round.
package struct BF16: BitwiseCopyable, Hashable, Sendable {
  /// The bits, the upper half of the number in single precision.
  package var bits: UInt16

  /// Creates the number of some bits.
  package init(bits: UInt16) {
    self.bits = bits
  }

  /// Rounds to the nearest number, ties to even; what is smaller than any normal number becomes a
  /// zero of its sign, as the processors' own conversion has it, and a NaN a quiet one.
  package init(rounding value: Float) {
    let pattern = value.bitPattern
    if value.isNaN {
      bits = 0x7fc0
    } else if value.isNormal || value.isInfinite {
      bits = UInt16(truncatingIfNeeded: (pattern + 0x7fff + (pattern >> 16 & 1)) >> 16)
    } else {
      bits = UInt16(pattern >> 31) << 15
    }
  }

  /// The number in single precision, exactly.
  package var float: Float { Float(bitPattern: UInt32(bits) << 16) }

  package static let zero = BF16(bits: 0)
}

extension Float {
  /// The nearest bf16 number, see ``BF16/init(rounding:)``.
  package var roundedToBF16: Float { BF16(rounding: self).float }
}
