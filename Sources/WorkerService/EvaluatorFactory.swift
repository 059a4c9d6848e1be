import Coordination
import Evaluation
import SparsityCore
import WireProtocol

/// How a worker computes with one backend: what it can reproduce, and how the evaluator of a run is
/// made.
package struct EvaluatorFactory: Sendable {
  /// What can be reproduced.
  package let offer: BackendOffer
  /// Loads the inputs of a run, if need be through the channel; called away from the sockets.
  package let makeEvaluator: @Sendable (RunDescription, InputChannel) throws -> any ShardEvaluator

  package init(
    offer: BackendOffer,
    makeEvaluator: @escaping @Sendable (RunDescription, InputChannel) throws -> any ShardEvaluator
  ) {
    self.offer = offer
    self.makeEvaluator = makeEvaluator
  }

  /// Returns the factory of Elsa's own inference.
  ///
  /// - Parameters:
  ///   - inputs: where models, images and banks are looked for.
  ///   - threads: the number of threads, at least one for each slot.
  ///   - slots: the shards that are evaluated at once.
  ///   - notified: is told as text when the run holds this machine to less than it can.
  package static func inference(
    inputs: InputSettings, threads: Int, slots: Int,
    notified: @escaping @Sendable (_ diagnostic: String) -> Void
  ) -> EvaluatorFactory {
    EvaluatorFactory(offer: InferenceNumerics.offer) { description, channel in
      let numerics = try InferenceNumerics(description.numerics)
      if numerics.instructionSet < .detected {
        notified(
          "computes with \(numerics.instructionSet.rawValue), as all workers of the run do "
            + "(\(InstructionSet.optionName)); this processor has "
            + InstructionSet.detected.rawValue)
      }
      return try ModelShardEvaluator(
        description: description, fetchingBy: channel, settings: inputs, threads: threads,
        slots: slots)
    }
  }
}
