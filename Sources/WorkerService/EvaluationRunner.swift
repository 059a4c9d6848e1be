import Coordination
import Foundation
import SparsityCore
import Synchronization
import WireProtocol
import ZeroMQ

/// Loads inputs and evaluates shards on threads of its own, so that the socket thread never waits.
final class EvaluationRunner: Sendable {
  /// Loads the inputs of a run.
  typealias Preparation = @Sendable (RunDescription, InputChannel) throws -> any ShardEvaluator

  /// What has happened on the threads.
  enum Outcome: Sendable {
    case prepared(PreparedInputs)
    case preparationFailed(String)
    case evaluated(EvaluationTask, Evaluation)
    case evaluationFailed(ShardID, diagnostic: String)
  }

  private enum Job: Sendable {
    case prepare(RunDescription)
    case evaluate(EvaluationTask, EvaluationControl)
    case end
  }

  private struct State {
    var jobs: [Job] = []
    var evaluator: (any ShardEvaluator)?
    var controls: [ShardID: EvaluationControl] = [:]
    var outcomes: [Outcome] = []
    var imagesDone: [ShardID: Int] = [:]
  }

  /// Where the thread that loads the inputs and the socket's thread meet.
  let channel: InputChannel
  private let preparation: Preparation
  private let wakeUp: WakeUp
  private let threadCount: Int
  private let state = Mutex(State())
  private let work = DispatchSemaphore(value: 0)

  /// Starts a thread for each slot; `wakeUp` is signalled whenever something has happened.
  init(slots: Int, wakeUp: WakeUp, preparation: @escaping Preparation) {
    self.preparation = preparation
    self.wakeUp = wakeUp
    self.channel = InputChannel(wakeUp: wakeUp)
    self.threadCount = slots
    for index in 0..<slots {
      let thread = Thread { [self] in while runNextJob() {} }
      thread.name = "evaluation \(index)"
      thread.start()
    }
  }

  /// Loads the inputs of a run.
  func prepare(_ description: RunDescription) { add(.prepare(description)) }

  /// Evaluates a shard as soon as a thread is free.
  func evaluate(_ task: EvaluationTask) {
    let shard = task.shard
    let control = EvaluationControl { [weak self] imagesDone in
      self?.progressed(shard, imagesDone: imagesDone)
    }
    state.withLock { $0.controls[shard] = control }
    add(.evaluate(task, control))
  }

  /// Cancels an evaluation; nothing more is heard of it.
  func stop(_ shard: ShardID) {
    state.withLock { state in
      state.controls.removeValue(forKey: shard)?.cancel()
      state.imagesDone[shard] = nil
    }
  }

  /// Cancels everything and lets the threads end; one that is busy ends later.
  func shutDown() {
    channel.close()
    state.withLock { state in
      for control in state.controls.values { control.cancel() }
      state.controls = [:]
      state.jobs = []
    }
    for _ in 0..<threadCount { add(.end) }
  }

  /// Returns what has happened since the last call, and how far running evaluations are.
  func takeOutcomes() -> (outcomes: [Outcome], imagesDone: [(ShardID, Int)]) {
    state.withLock { state in
      defer {
        state.outcomes = []
        state.imagesDone = [:]
      }
      return (state.outcomes, state.imagesDone.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 })
    }
  }

  private func add(_ job: Job) {
    state.withLock { $0.jobs.append(job) }
    work.signal()
  }

  private func progressed(_ shard: ShardID, imagesDone: Int) {
    state.withLock { state in
      if state.controls[shard] != nil { state.imagesDone[shard] = imagesDone }
    }
    wakeUp.signal()
  }

  /// Waits for a job and does it; returns whether the thread goes on.
  private func runNextJob() -> Bool {
    work.wait()
    let job: Job? = state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
    switch job {
    case .prepare(let description): prepareNow(description)
    case .evaluate(let task, let control): evaluateNow(task, control)
    case .end: return false
    case nil: return true
    }
    wakeUp.signal()
    return true
  }

  private func prepareNow(_ description: RunDescription) {
    do {
      let evaluator = try preparation(description, channel)
      state.withLock { state in
        state.evaluator = evaluator
        state.outcomes.append(.prepared(evaluator.inputs))
      }
    } catch {
      // A path is the run's as it is; what is said about it must not steer a terminal.
      let diagnostic = "\(error)".withControlsWrittenOut
      state.withLock { $0.outcomes.append(.preparationFailed(diagnostic)) }
    }
  }

  private func evaluateNow(_ task: EvaluationTask, _ control: EvaluationControl) {
    guard !control.isCancelled else { return }
    guard let evaluator = state.withLock({ $0.evaluator }) else {
      preconditionFailure("evaluations come after the preparation")
    }
    let outcome = Self.outcome(of: task, control, evaluator)
    state.withLock { state in
      // A cancelled evaluation says nothing: its shard may be under way a second time.
      guard !control.isCancelled else { return }
      state.controls[task.shard] = nil
      state.imagesDone[task.shard] = nil
      state.outcomes.append(outcome)
    }
  }

  private static func outcome(
    of task: EvaluationTask, _ control: EvaluationControl, _ evaluator: any ShardEvaluator
  ) -> Outcome {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let outcome = try evaluator.evaluate(task, control: control)
      let count = outcome.measurement.correct.count
      guard count == task.slice.count else {
        let diagnostic =
          "\(counted(count, "image")) \(count == 1 ? "was" : "were") evaluated instead of "
          + "\(task.slice.count)"
        return .evaluationFailed(task.shard, diagnostic: diagnostic)
      }
      guard let loss = outcome.measurement.summedLoss, loss.asSummedLoss != nil else {
        let loss = outcome.measurement.summedLoss.map { "\($0)" } ?? "missing"
        let diagnostic =
          "the sum of the losses is \(loss), which is no loss; do the model's weights hold numbers "
          + "that are none, or does a product overflow?"
        return .evaluationFailed(task.shard, diagnostic: diagnostic)
      }
      let microseconds = Int((clock.now - start) / .microseconds(1))
      return .evaluated(
        task,
        Evaluation(
          measurement: outcome.measurement, costs: outcome.costs,
          measuredCosts: outcome.measuredCosts, microseconds: microseconds))
    } catch let error as any EndsWorker where error.endsWorker {
      return .preparationFailed("\(error)".withControlsWrittenOut)
    } catch {
      return .evaluationFailed(task.shard, diagnostic: "\(error)".withControlsWrittenOut)
    }
  }
}
