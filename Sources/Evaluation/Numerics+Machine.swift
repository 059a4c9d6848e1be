import LinearAlgebra
import SparseKernels
import SparsityCore
import Synchronization

extension Numerics {
  /// The images of a forward pass where nobody asks for another number.
  public static let defaultForwardBatch = 2

  /// The most images of a forward pass; memory grows with it.
  public static let forwardBatchMax = 256

  /// Returns the best arithmetic that this machine and this version can do.
  public static func detected(
    precision: Precision, forwardBatch: Int = defaultForwardBatch
  ) -> Numerics {
    Numerics(
      precision: precision, kernelTable: kernelTableVersion, instructionSet: .detected,
      forwardBatch: forwardBatch)
  }

  /// Throws words that say why this machine or this version cannot compute with these numerics.
  public func checkSupport() throws(EvaluationError) {
    guard kernelTable == kernelTableVersion else {
      throw .otherKernelTable(found: kernelTableVersion, asked: kernelTable)
    }
    guard instructionSet <= .detected else {
      throw .unsupportedInstructionSet(found: .detected, asked: instructionSet)
    }
    guard forwardBatch <= Self.forwardBatchMax else {
      throw .forwardBatchTooLarge(found: forwardBatch, allowed: Self.forwardBatchMax)
    }
  }

  /// Holds all products of this process to these numerics, from now until it ends.
  ///
  /// Applying equal instruction sets again does nothing. Call it before the first product of the
  /// process: a limit below the processor's best is refused once products have run.
  public func apply() throws(EvaluationError) {
    try checkSupport()
    let instructionSet = instructionSet
    let failure = appliedInstructionSet.withLock { applied -> EvaluationError? in
      if let applied {
        guard applied == instructionSet else {
          return .instructionSetFixed(applied: applied, asked: instructionSet)
        }
        return nil
      }
      do throws(LinearAlgebraError) {
        try limitInstructions(to: instructionSet)
      } catch .limitTooLate where instructionSet == .detected {
        // Products have run with the processor's best, which is what is asked for.
      } catch {
        return .cannotLimitInstructions(error)
      }
      applied = instructionSet
      return nil
    }
    if let failure { throw failure }
  }
}

/// What oneDNN is held to in this process; it can be told once.
private let appliedInstructionSet = Mutex<InstructionSet?>(nil)
