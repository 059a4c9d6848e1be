/// A level of instructions that kernels are limited to, so that equal levels give equal bits.
package enum InstructionSet: String, CaseIterable, Hashable, Sendable {
  /// What every supported processor has: scalar kernels, oneDNN held to its lowest level.
  case baseline
  /// AVX2 and FMA.
  case avx2
  /// AVX-512 F, BW, DQ and VL.
  case avx512
  /// AVX-512 with its bf16 instructions and VNNI.
  case avx512bf16

  /// What run files and ``Numerics`` call it.
  package static let optionName = "instructionSet"
}

extension InstructionSet: Comparable {
  /// Orders instruction sets from the least to the most able.
  package static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.rank < rhs.rank
  }

  private var rank: Int {
    switch self {
    case .baseline: 0
    case .avx2: 1
    case .avx512: 2
    case .avx512bf16: 3
    }
  }
}
