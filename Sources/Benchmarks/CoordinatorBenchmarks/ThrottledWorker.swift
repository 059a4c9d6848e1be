import Coordination
import Foundation
import WireProtocol
import WorkerService

/// A real worker, with its threads and its socket, whose evaluations take a fixed time.
package struct ThrottledWorker: Sendable {
  /// Where the coordinator is.
  package let connectionFile: String
  /// How long an evaluation takes.
  package let delay: Duration

  package init(connectionFile: String, delay: Duration) {
    precondition(delay > .zero)
    self.connectionFile = connectionFile
    self.delay = delay
  }

  /// The time that an evaluation takes at speed one.
  package static let unitDelay = Duration.milliseconds(400)

  /// Runs until the run is done.
  ///
  /// - Throws: ``CoordinatorBenchmarkError`` if the worker ends otherwise than with the run.
  package func run() throws {
    let emptyRun = try EmptyRun(evaluations: 1)
    var configuration = WorkerConfiguration(
      connection: .file(path: connectionFile),
      settings: .newSession(
        label: "throttled-\(getpid())", build: "benchmark",
        offers: [EmptyRun.offer]))
    configuration.allowsPlainText = true
    let outcome = try runWorker(configuration) { [delay] _ in
      ThrottledEvaluator(run: emptyRun, delay: delay)
    }
    guard outcome.isSuccess else {
      throw CoordinatorBenchmarkError.workerFailed(diagnostic: outcome.diagnostic)
    }
  }
}

/// Waits for as long as an evaluation is to take.
private struct ThrottledEvaluator: ShardEvaluator {
  let run: EmptyRun
  let delay: Duration
  var inputs: PreparedInputs { run.inputs }

  func evaluate(_ task: EvaluationTask, control: EvaluationControl) throws -> ShardOutcome {
    Thread.sleep(forTimeInterval: delay / .seconds(1))
    let evaluation = run.evaluate(task)
    return ShardOutcome(measurement: evaluation.measurement, costs: evaluation.costs)
  }
}
