import AcceleratorModel
import Coordination
import Evaluation
import Foundation
import RunFiles
import SparsityCore
import Synchronization
import WireProtocol
import WorkerService

/// Evaluates shards by asking a program; costs are those of the accelerator model.
package final class ProgramShardEvaluator: ShardEvaluator {
  package let inputs: PreparedInputs

  private let command: String
  private let space: SearchSpace
  private let costs: GenomeCosts
  private let shuffledImages: [Int]
  /// Keeps files of the cache in their place.
  private let files: InputFiles
  private let log: @Sendable (String) -> Void
  private let state: Mutex<State>
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  /// How often those who wait look at the time.
  private static let lookInterval = 0.05
  /// How long a program has to leave once its input has ended.
  private static let leavePatience = DispatchTimeInterval.seconds(2)

  private struct State {
    var conversation: EvaluatorConversation
    var process: EvaluatorProcess?
    /// The starts so far; events of an earlier program are dropped.
    var generation = 0
    var waiting: [Int: Waiting] = [:]
    var errorLines = LineQuota()
  }

  /// An evaluation that a thread waits for.
  private final class Waiting: Sendable {
    let hasEnded = DispatchSemaphore(value: 0)
    let outcome = Mutex<EvaluatorConversation.Outcome?>(nil)
    let control: EvaluationControl

    init(_ control: EvaluationControl) { self.control = control }
  }

  /// Starts a program and waits until it is ready.
  ///
  /// - Parameters:
  ///   - command: what the shell is given.
  ///   - log: is told what users should know, on threads of the program.
  /// - Throws: an error: an input has other content than the run wants, or the program is of no
  ///   use.
  package init(
    command: String, description: RunDescription, files: InputFiles,
    limits: EvaluatorConversation.Limits, log: @escaping @Sendable (String) -> Void
  ) throws {
    let model = try files.model(of: description)
    costs = try GenomeCosts(
      network: model?.weights.network, space: description.space,
      accelerators: description.accelerators, listedText: description.text(of: .decisions),
      measured: description.measuredCosts)
    self.command = command
    self.files = files
    self.log = log
    space = description.space
    shuffledImages = description.shuffledImages()
    inputs = PreparedInputs(
      space: space, model: model?.contentHash, data: description.data?.content,
      imageCount: description.imageCount, bank: description.bank.content)
    start = clock.now
    state = Mutex(
      State(
        conversation: EvaluatorConversation(
          about: EvaluatorRun(
            model: model.map { _ in files.model },
            configuration: model.map { _ in files.configuration },
            data: description.data.map { _ in files.data },
            bank: description.bank.isStored ? files.bank : nil, description: description),
          limits: limits)))
    try waitUntilReady()
  }

  deinit { state.withLock { $0.process?.leave(within: Self.leavePatience) } }

  private var now: Instant { Instant(sinceStart: clock.now - start) }

  private func waitUntilReady() throws(EvaluatorProgramError) {
    while true {
      tick()
      switch state.withLock({ $0.conversation.phase }) {
      case .ready: return
      case .over(let reason): throw .useless(reason: reason)
      case .waiting, .starting, .preparing, .ending: break
      }
      Thread.sleep(forTimeInterval: Self.lookInterval)
    }
  }

  /// Asks the program, and waits for its answer.
  package func evaluate(_ task: EvaluationTask, control: EvaluationControl) throws -> ShardOutcome {
    let request = EvaluatorRequest(
      task.genome, in: space, images: Array(shuffledImages[task.slice.range]))
    let waiting = Waiting(control)
    let id = state.withLock { state in
      let (id, effects) = state.conversation.evaluate(request, at: now)
      state.waiting[id] = waiting
      perform(effects, &state)
      return id
    }
    while waiting.hasEnded.wait(timeout: .now() + Self.lookInterval) == .timedOut {
      tick()
      if control.isCancelled {
        state.withLock { state in
          state.waiting[id] = nil
          perform(state.conversation.cancel(id), &state)
        }
        throw CancellationError()
      }
    }
    switch waiting.outcome.withLock({ $0 }) {
    case .measured(let measurement, let measuredCosts):
      return ShardOutcome(
        measurement: measurement, costs: costs.cost(of: task.genome).wireValues,
        measuredCosts: measuredCosts)
    case .failed(let reason):
      if case .over = state.withLock({ $0.conversation.phase }) {
        throw EvaluatorProgramError.useless(reason: reason)
      }
      throw EvaluatorProgramError.failed(reason: reason)
    case nil: preconditionFailure("the end comes with an outcome")
    }
  }

  private func tick() {
    state.withLock { state in
      guard let deadline = state.conversation.nextDeadline, deadline <= now else { return }
      perform(state.conversation.tick(at: now), &state)
    }
  }

  /// Takes what the program of a start has done.
  private func take(_ event: EvaluatorProcess.Event, generation: Int) {
    state.withLock { state in
      guard state.generation == generation else { return }
      switch event {
      case .line(let line): perform(state.conversation.receive(line, at: now), &state)
      case .overflow:
        perform(
          state.conversation.overflowed(sizeMax: EvaluatorProcess.lineSizeMax), &state)
      case .errorLine(let line):
        if let text = state.errorLines.admit(line, at: now) { log("evaluator: \(text)") }
      case .ended(let how):
        state.process = nil
        perform(state.conversation.ended(how, at: now), &state)
      }
    }
  }

  private func perform(_ effects: [EvaluatorConversation.Effect], _ state: inout State) {
    for effect in effects {
      switch effect {
      case .start: startProgram(&state)
      case .send(let line): state.process?.send(line)
      case .kill: state.process?.kill()
      case .progressed(let id, let images):
        state.waiting[id]?.control.progressed(imagesDone: images)
      case .finished(let id, let outcome):
        guard let waiting = state.waiting.removeValue(forKey: id) else { continue }
        waiting.outcome.withLock { $0 = outcome }
        waiting.hasEnded.signal()
      case .log(let text): log(text)
      }
    }
  }

  private func startProgram(_ state: inout State) {
    state.generation += 1
    let generation = state.generation
    do {
      state.process = try EvaluatorProcess(command: command) { [weak self] event in
        self?.take(event, generation: generation)
      }
      perform(state.conversation.started(at: now), &state)
    } catch {
      perform(state.conversation.ended("cannot be started: \(error)", at: now), &state)
    }
  }
}

/// Why a program gives no result.
package enum EvaluatorProgramError: Error, Hashable, CustomStringConvertible {
  /// It could not evaluate this shard.
  case failed(reason: String)
  /// It is of no use to this run.
  case useless(reason: String)

  /// The diagnostic.
  package var description: String {
    switch self {
    case .failed(let reason): reason
    case .useless(let reason): "\(reason); see what it writes, and start this worker again"
    }
  }
}

extension EvaluatorProgramError: EndsWorker {
  package var endsWorker: Bool { if case .useless = self { true } else { false } }
}

/// The lines of a program's standard error that are passed on: so many a minute.
struct LineQuota {
  private static let countMax = 200
  private static let interval = Duration.seconds(60)

  private var count = 0
  private var leftOut = 0
  private var begunAt = Instant.start

  /// Returns what is told of a line, or `nil` if there were too many.
  mutating func admit(_ line: String, at now: Instant) -> String? {
    var prefix = ""
    if now - begunAt >= Self.interval {
      if leftOut > 0 { prefix = "(\(counted(leftOut, "line")) left out) " }
      (count, leftOut, begunAt) = (0, 0, now)
    }
    count += 1
    guard count <= Self.countMax else {
      leftOut += 1
      return nil
    }
    return prefix + line.withControlsWrittenOut
  }
}
