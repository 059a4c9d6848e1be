/// The number format of weights and activations; sums are always kept in fp32.
public enum Precision: String, CaseIterable, Hashable, Sendable {
  case f32
  case bf16
}

/// A level of instructions that kernels are limited to, so that equal levels give equal bits.
public enum InstructionSet: String, CaseIterable, Hashable, Sendable {
  /// What every supported processor has: scalar kernels, oneDNN held to its lowest level.
  case baseline
  /// AVX2 and FMA.
  case avx2
  /// AVX-512 F, BW, DQ and VL.
  case avx512
  /// AVX-512 with its bf16 instructions and VNNI.
  case avx512bf16
}

extension InstructionSet: Comparable {
  /// Orders instruction sets from the least to the most able.
  public static func < (lhs: Self, rhs: Self) -> Bool {
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

/// Everything about the arithmetic that changes the bits of a result.
///
/// Results are the same for equal numerics, whatever the machine and the number of threads. A run
/// fixes one numerics; a worker that can do better is held to it, one that cannot is refused.
public struct Numerics: Hashable, Sendable {
  /// The number format.
  public let precision: Precision
  /// The version of the kernels and of the table that chooses among them.
  public let kernelTable: Int
  /// The instructions that kernels may use.
  public let instructionSet: InstructionSet
  /// The images of one forward pass; the last pass of a slice may hold fewer.
  public let forwardBatch: Int

  /// Creates the description of an arithmetic.
  public init(
    precision: Precision, kernelTable: Int, instructionSet: InstructionSet, forwardBatch: Int
  ) {
    precondition(kernelTable >= 0)
    precondition(forwardBatch > 0)
    self.precision = precision
    self.kernelTable = kernelTable
    self.instructionSet = instructionSet
    self.forwardBatch = forwardBatch
  }
}

extension Numerics {
  /// The key of a run file that fixes the precision.
  public static let precisionKey = "precision"
  /// The key of a run file that fixes the instruction set.
  public static let instructionSetKey = "instructionSet"
}

extension Numerics: CustomStringConvertible {
  /// The fixed text that content hashes are taken of, as in `f32/kernels-1/avx2/batch-4`.
  public var description: String {
    "\(precision.rawValue)/kernels-\(kernelTable)/\(instructionSet.rawValue)/batch-\(forwardBatch)"
  }
}
