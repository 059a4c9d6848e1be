import CSparseKernels
import SparsityCore

/// The version of the kernels and of the choice among them; it changes when result bits may.
package let kernelTableVersion = 2

/// One implementation of every kernel, for one instruction set.
package enum KernelVariant: String, CaseIterable, Hashable, Sendable {
  /// Plain C that reads like the formulas: the reference of the others.
  case scalar
  /// AVX2 and FMA, 8 numbers at a time.
  case avx2
  /// AVX-512 F, BW, DQ and VL, 16 numbers at a time.
  case avx512
  /// AVX-512 with its bf16 instructions; the fp32 kernels are those of ``avx512``.
  case avx512bf16

  /// Whether this processor and its operating system can run the variant.
  package var isSupported: Bool { Self.support[index] }

  /// The instructions that the variant needs.
  package var instructionSet: InstructionSet {
    switch self {
    case .scalar: .baseline
    case .avx2: .avx2
    case .avx512: .avx512
    case .avx512bf16: .avx512bf16
    }
  }

  /// Returns the most able variant that the processor supports and `limit` allows.
  package static func best(within limit: InstructionSet) -> KernelVariant {
    allCases.last { $0.isSupported && $0.instructionSet <= limit } ?? .scalar
  }

  /// The variant's entry in the list of C kernels.
  var kernels: UnsafePointer<csk_variant> {
    unsafe csk_variant_at(index)
  }

  /// The name that the list of C kernels gives to the variant.
  package var nameInList: String { unsafe String(cString: kernels.pointee.name) }

  /// The number of variants in the list of C kernels.
  package static var countInList: Int { csk_variant_count() }

  /// Whether each variant is supported; asked once, since virtual machines answer CPUID slowly.
  private static let support = allCases.map { variant in
    unsafe variant.kernels.pointee.is_supported()
  }

  private var index: Int {
    switch self {
    case .scalar: 0
    case .avx2: 1
    case .avx512: 2
    case .avx512bf16: 3
    }
  }
}

extension InstructionSet {
  /// The most able instruction set of this processor that a kernel variant exists for.
  package static var detected: InstructionSet {
    KernelVariant.allCases.last(where: \.isSupported)?.instructionSet ?? .baseline
  }
}
