import SparsityCore
import WireProtocol

extension WorkerMachine {
  /// What a worker's machine is told.
  package enum Event: Sendable {
    /// The process has started; comes first and once.
    case started
    /// A frame has arrived and could be decoded.
    case received(Envelope)
    /// A frame has arrived that could not be decoded.
    case malformed(WireError)
    /// The transport has a trouble that users should read if the worker gives up.
    case transportProblem(String)
    /// The loader of the inputs wants to tell the coordinator something.
    case inputsWanted(InputMessage)
    /// The inputs of the run are loaded.
    case prepared(PreparedInputs)
    /// The inputs of the run cannot be had.
    case preparationFailed(String)
    /// An evaluation has come further.
    case progressed(ShardID, imagesDone: Int)
    /// An evaluation has ended.
    case evaluated(ShardID, Evaluation)
    /// An evaluation has failed.
    case evaluationFailed(ShardID, diagnostic: String)
    /// The process was asked to end: finish what runs, hand back the rest, leave.
    case drainRequested
    /// The time of ``WorkerMachine/nextDeadline`` has come, or any other time.
    case ticked
  }

  /// What a worker's machine asks for; effects are performed in order.
  package enum Effect: Hashable, Sendable {
    /// Send a message to the coordinator.
    case send(Envelope)
    /// Load model, bank and images, then answer.
    case prepare(RunDescription)
    /// Hand what the coordinator says about the inputs to their loader.
    case deliver(InputMessage)
    /// Start an evaluation on a free slot, then answer.
    case evaluate(EvaluationTask)
    /// Stop an evaluation; an answer that still comes is ignored.
    case stop(ShardID)
    /// Tell users.
    case notify(Notification)
    /// End the process.
    case exit(Exit)
  }

  /// Why a worker ends.
  package enum Exit: Hashable, Sendable {
    /// The run is finished.
    case finished
    /// The worker or the run was asked to end.
    case drained
    /// The time that the worker was given is over.
    case timeOver
    /// There was nothing to do for too long.
    case idle(diagnostic: String)
    /// The coordinator does not accept this worker.
    case refused(Refusal.Reason, diagnostic: String)
    /// The coordinator has been silent for too long.
    case coordinatorSilent(diagnostic: String)
    /// The inputs of the run cannot be had or are others.
    case unprepared(diagnostic: String)
    /// The coordinator serves another run than before.
    case otherRun(diagnostic: String)

    /// Whether the worker did all that was wanted of it.
    package var isSuccess: Bool {
      switch self {
      case .finished, .drained, .timeOver, .idle: true
      case .refused, .coordinatorSilent, .unprepared, .otherRun: false
      }
    }
  }

  /// Something that users should know.
  package enum Notification: Hashable, Sendable {
    case welcomed(RunID, term: Term)
    case coordinatorReturned(term: Term)
    case coordinatorPaused
    case refusedForNow(diagnostic: String)
    case evaluationFailed(ShardID, diagnostic: String)
    case ignoredMessage(diagnostic: String)
    case draining
    case timeEnds
  }
}

/// What a worker has loaded, to be compared with what the run wants.
package struct PreparedInputs: Hashable, Sendable {
  /// What genomes decide about, of which the loaded model knows every decision.
  package var space: SearchSpace
  /// The content hash of the loaded checkpoint; `nil` where the run has none.
  package var model: ContentHash?
  /// The content hash of the loaded search set; `nil` where the run names none.
  package var data: ContentHash?
  /// The images of the loaded search set.
  package var imageCount: Int
  /// The content hash of the weight bank; `nil` where the run has no model.
  package var bank: ContentHash?

  /// Creates a report of what was loaded.
  package init(
    space: SearchSpace, model: ContentHash?, data: ContentHash?, imageCount: Int,
    bank: ContentHash?
  ) {
    self.space = space
    self.model = model
    self.data = data
    self.imageCount = imageCount
    self.bank = bank
  }
}

/// An evaluation to carry out.
package struct EvaluationTask: Hashable, Sendable {
  package var shard: ShardID
  /// The places of the shuffled search set.
  package var slice: ImageSlice
  /// The candidate's genome.
  package var genome: Genome

  package init(shard: ShardID, slice: ImageSlice, genome: Genome) {
    self.shard = shard
    self.slice = slice
    self.genome = genome
  }
}

/// The outcome of an evaluation.
package struct Evaluation: Hashable, Sendable {
  /// What was measured.
  package var measurement: ShardMeasurement
  /// The candidate's cost, in the order of the run's cost names.
  package var costs: [Int64]
  /// What was measured of costs.
  package var measuredCosts: MeasuredCosts
  /// How long the evaluation took.
  package var microseconds: Int

  /// Creates an outcome.
  package init(
    measurement: ShardMeasurement, costs: [Int64],
    measuredCosts: MeasuredCosts = MeasuredCosts(), microseconds: Int
  ) {
    precondition(microseconds >= 0)
    self.measuredCosts = measuredCosts
    self.measurement = measurement
    self.costs = costs
    self.microseconds = microseconds
  }
}

/// What fixes a worker's machine.
package struct WorkerSettings: Hashable, Sendable {
  /// The identity of this life of the process, drawn by the caller.
  package var worker: WorkerID
  /// The seed of the jitter of repeated greetings, drawn by the caller.
  package var jitterSeed: UInt64
  /// The worker's name for users.
  package var label: String
  /// The program's version for users.
  package var build: String
  /// The evaluations that run at once.
  package var slots: Int
  /// What can be computed with.
  package var offers: [BackendOffer]
  /// The first pause between two greetings or two sendings of a result; it doubles.
  package var resendInterval: Duration
  /// The longest pause.
  package var resendIntervalMax: Duration
  /// The silence of the coordinator after which the worker greets again.
  package var silenceTimeout: Duration
  /// The silence of the coordinator after which the worker gives up.
  package var giveUpTimeout: Duration
  /// The time that running evaluations get after a request to leave; then they are handed back.
  package var drainTimeout: Duration
  /// When the process will be ended from outside, if that is known; it has left before.
  package var endTime: Instant?
  /// The time before ``endTime`` at which the worker has left.
  package var departureMargin: Duration
  /// The time without work after which the worker leaves, or `nil` to wait for ever.
  package var idleTimeout: Duration?

  /// Whether a text can be the name of a worker: not too long for a status, and on one line.
  package static func isLabel(_ text: String) -> Bool {
    RunLimits.labelSizeRange.contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace || $0 == " " }
      && !text.hasControls
  }

  /// The name of a worker that was given none: its machine, cut if need be, and its process.
  package static func usualLabel(host: String, processID: Int32) -> String {
    let process = "/\(processID)"
    var host = Substring(host.withControlsWrittenOut)
    while host.utf8.count + process.utf8.count > RunLimits.labelSizeRange.upperBound {
      host.removeLast()
    }
    return host + process
  }

  package init(
    worker: WorkerID, jitterSeed: UInt64, label: String, build: String, slots: Int,
    offers: [BackendOffer],
    resendInterval: Duration = .milliseconds(500), resendIntervalMax: Duration = .seconds(10),
    silenceTimeout: Duration = .seconds(5), giveUpTimeout: Duration = .seconds(600),
    drainTimeout: Duration = .seconds(20), endTime: Instant? = nil,
    departureMargin: Duration = .seconds(1), idleTimeout: Duration? = nil
  ) {
    precondition((1...WireLimits.slotCountMax).contains(slots))
    precondition(resendInterval > .zero)
    precondition(resendIntervalMax >= resendInterval)
    precondition(giveUpTimeout > silenceTimeout)
    self.worker = worker
    self.jitterSeed = jitterSeed
    self.label = label
    self.build = build
    self.slots = slots
    self.offers = offers
    self.resendInterval = resendInterval
    self.resendIntervalMax = resendIntervalMax
    self.silenceTimeout = silenceTimeout
    self.giveUpTimeout = giveUpTimeout
    self.drainTimeout = drainTimeout
    self.endTime = endTime
    self.departureMargin = departureMargin
    self.idleTimeout = idleTimeout
  }
}
