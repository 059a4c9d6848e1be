import Coordination
import SparsityCore
import Synchronization
import WireProtocol

/// Evaluates the shards of one run, whose inputs are loaded.
package protocol ShardEvaluator: Sendable {
  /// What was loaded, to be compared with what the run wants.
  var inputs: PreparedInputs { get }

  /// Evaluates a shard; called from one thread for each slot.
  ///
  /// - Throws: any error; its description goes to the coordinator. What a cancelled evaluation
  ///   returns or throws is ignored, see ``EvaluationControl/isCancelled``.
  func evaluate(_ task: EvaluationTask, control: EvaluationControl) throws -> ShardOutcome
}

/// An error of an evaluator that may be of no use any more.
package protocol EndsWorker: Error {
  /// Whether the worker ends, because no other shard would fare better.
  var endsWorker: Bool { get }
}

/// What an evaluator has found out about a shard.
package struct ShardOutcome: Hashable, Sendable {
  /// The correct images of the slice, and the sum of the losses.
  package var measurement: ShardMeasurement
  /// The candidate's cost, in the order of the run's cost names.
  package var costs: [Int64]
  /// What was measured of costs, where the run wants it.
  package var measuredCosts: MeasuredCosts

  package init(
    measurement: ShardMeasurement, costs: [Int64], measuredCosts: MeasuredCosts = MeasuredCosts()
  ) {
    self.measurement = measurement
    self.measuredCosts = measuredCosts
    self.costs = costs
  }
}

/// How a running evaluation talks with the worker.
package final class EvaluationControl: Sendable {
  private let flag = Atomic<Bool>(false)
  private let report: @Sendable (Int) -> Void

  /// Creates the control of an evaluation whose progress goes to `report`.
  package init(report: @escaping @Sendable (_ imagesDone: Int) -> Void) {
    self.report = report
  }

  /// Whether the result is not wanted any more; long evaluations look now and then.
  package var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Tells how many images of the slice are done.
  package func progressed(imagesDone: Int) { report(imagesDone) }

  /// Says that the result is not wanted any more.
  package func cancel() { flag.store(true, ordering: .relaxed) }
}
