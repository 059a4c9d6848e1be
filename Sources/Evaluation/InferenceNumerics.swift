import LinearAlgebra
import SparseKernels
import SparsityCore
import Synchronization

/// The numerics of Elsa's own inference, with its options as values.
package struct InferenceNumerics: Hashable, Sendable {
  /// The number format.
  package let precision: Precision
  /// The instructions that kernels may use.
  package let instructionSet: InstructionSet
  /// The images of one forward pass; the last pass of a slice may hold fewer.
  package let forwardBatch: Int

  /// The backend: the version is that of the kernels and of the table that chooses among them.
  package static let backend = Backend(name: "elsa", version: "\(kernelTableVersion)")
  /// The images of a forward pass where nobody asks for another number.
  package static let defaultForwardBatch = 2
  /// The images that a forward pass may have; memory grows with them.
  package static let forwardBatchRange = 1...256
  /// The name of the option that says how many images a forward pass has.
  package static let forwardBatchName = "batch"

  /// Creates the description of an arithmetic; without an instruction set, with the best of this
  /// processor.
  package init(
    precision: Precision, instructionSet: InstructionSet = .detected,
    forwardBatch: Int = defaultForwardBatch
  ) {
    precondition(Self.forwardBatchRange.contains(forwardBatch))
    self.precision = precision
    self.instructionSet = instructionSet
    self.forwardBatch = forwardBatch
  }

  /// Reads the numerics of a run.
  ///
  /// - Throws: ``EvaluationError`` that says what this version does not know.
  package init(_ numerics: Numerics) throws(EvaluationError) {
    guard numerics.backend == Self.backend else {
      throw .otherBackend(found: Self.backend, asked: numerics.backend)
    }
    let names = [Precision.optionName, InstructionSet.optionName, Self.forwardBatchName]
    for (name, value) in numerics.options where !names.contains(name) {
      throw .unknownOption(name: name, value: value)
    }
    func option<Value>(
      _ name: String, _ read: (String) -> Value?
    ) throws(EvaluationError) -> Value {
      let text = numerics.options[name]
      guard let value = text.flatMap(read) else { throw .unknownOption(name: name, value: text) }
      return value
    }
    precision = try option(Precision.optionName, Precision.init(rawValue:))
    instructionSet = try option(InstructionSet.optionName, InstructionSet.init(rawValue:))
    forwardBatch = try option(Self.forwardBatchName) { Int($0) }
    guard Self.forwardBatchRange.contains(forwardBatch) else {
      throw .forwardBatchOutOfRange(found: forwardBatch, allowed: Self.forwardBatchRange)
    }
  }

  /// What journals, keys and workers call it.
  package var numerics: Numerics {
    Numerics(
      backend: Self.backend,
      options: [
        Precision.optionName: precision.rawValue,
        InstructionSet.optionName: instructionSet.rawValue,
        Self.forwardBatchName: "\(forwardBatch)",
      ])
  }

  /// What this machine and this version can reproduce.
  package static var offer: BackendOffer { offer(within: .detected) }

  /// What a machine with some instructions can reproduce.
  package static func offer(within able: InstructionSet) -> BackendOffer {
    BackendOffer(
      backend: backend,
      values: [
        Precision.optionName: Precision.allCases.map(\.rawValue),
        InstructionSet.optionName: InstructionSet.allCases.filter { $0 <= able }.map(\.rawValue),
      ])
  }
}

extension InferenceNumerics: CustomStringConvertible {
  /// The canonical text of ``numerics``.
  package var description: String { numerics.description }
}

extension InferenceNumerics {
  /// Throws words that say why this machine cannot compute with these numerics.
  package func checkSupport() throws(EvaluationError) {
    guard instructionSet <= .detected else {
      throw .unsupportedInstructionSet(found: .detected, asked: instructionSet)
    }
  }

  /// Holds all products of this process to these numerics, from now until it ends.
  ///
  /// Applying equal instruction sets again does nothing. Call it before the first product of the
  /// process: a limit below the processor's best is refused once products have run.
  package func apply() throws(EvaluationError) {
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
