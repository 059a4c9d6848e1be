import Coordination
import SparsityCore
import WireProtocol

/// The talk with a program that evaluates: what it is sent, what its lines mean, and what is done
/// when it fails. It starts no process and reads no clock.
///
/// A program that dies, hangs or floods its output is ended and started again after pauses that
/// grow; what it had is reported as failed, so that the coordinator decides who tries it next. One
/// that dies again and again without a result is of no use, and neither is one of another name or
/// version than the run wants.
package struct EvaluatorConversation: Sendable {
  /// What is expected of a program.
  package struct Limits: Hashable, Sendable {
    /// The time from the start to ``EvaluatorAnswer/ready(_:)``: a model may have to be loaded.
    package var readyTimeout = Duration.seconds(600)
    /// The time for one image, of all that were asked for: whether a program takes evaluations one
    /// after the other or at once is its own affair.
    package var imageTimeout = Duration.seconds(60)
    /// The starts without a result between them after which the program is given up.
    package var deathCountMax = 5
    /// The lines without a meaning, one after the other, that are taken for a flood.
    package var noiseCountMax = 1_000

    package init() {}
  }

  /// What the conversation asks for; effects are performed in order.
  package enum Effect: Hashable, Sendable {
    /// Start the program, then tell ``EvaluatorConversation/started(at:)`` or
    /// ``EvaluatorConversation/ended(_:at:)``.
    case start
    /// Write a line.
    case send(String)
    /// End the program at once; ``EvaluatorConversation/ended(_:at:)`` follows.
    case kill
    /// So many images of an evaluation are done.
    case progressed(Int, images: Int)
    /// An evaluation has ended.
    case finished(Int, Outcome)
    /// Something that users should know.
    case log(String)
  }

  /// How an evaluation has ended.
  package enum Outcome: Hashable, Sendable {
    case measured(ShardMeasurement, MeasuredCosts)
    case failed(String)
  }

  /// How far the program is.
  package enum Phase: Hashable, Sendable {
    /// It is started when its pause is over.
    case waiting
    /// It was asked to start.
    case starting
    /// It knows the run and has until the deadline to say that it is ready.
    case preparing(deadline: Instant)
    /// It evaluates.
    case ready
    /// It was told to end, and why.
    case ending(reason: String)
    /// It is of no use, and why.
    case over(reason: String)
  }

  private struct Evaluation: Sendable {
    let request: EvaluatorRequest
    var wasSent = false
    var imagesDone = 0
    var imagesLeft: Int { request.images.count - imagesDone }
  }

  /// How far the program is.
  package private(set) var phase = Phase.waiting
  private let run: EvaluatorRun
  private let limits: Limits
  private var restarting = Backoff(from: .seconds(1), upTo: .seconds(30))
  private var evaluations: [Int: Evaluation] = [:]
  /// The images of what was cancelled, with which the program may go on all the same.
  private var cancelled: [Int: Int] = [:]
  /// When the program last went on, or was given something to do.
  private var heardAt = Instant.start
  private var nextID = 0
  private var deathCount = 0
  private var noiseCount = 0
  private var effects: [Effect] = []

  /// Creates the talk about a run; the program is started at the first tick.
  package init(about run: EvaluatorRun, limits: Limits = Limits()) {
    self.run = run
    self.limits = limits
  }

  /// When ``tick(at:)`` is wanted, or `nil` if nothing is waited for.
  package var nextDeadline: Instant? {
    switch phase {
    case .waiting: restarting.deadline ?? .start
    case .preparing(let deadline): deadline
    case .ready: evaluationDeadline
    case .starting, .ending, .over: nil
    }
  }

  /// When the program must have gone on with what it was asked for.
  private var evaluationDeadline: Instant? {
    let sent = evaluations.values.filter(\.wasSent)
    guard !sent.isEmpty else { return nil }
    let count = sent.reduce(cancelled.values.reduce(0, +)) { $0 + $1.imagesLeft }
    return heardAt + limits.imageTimeout * (count + 1)
  }

  // MARK: Questions of the worker

  /// Asks for an evaluation; returns its identity.
  package mutating func evaluate(
    _ request: EvaluatorRequest, at now: Instant
  ) -> (id: Int, effects: [Effect]) {
    let id = nextID
    nextID += 1
    evaluations[id] = Evaluation(request: request)
    if case .over(let reason) = phase { finish(id, .failed(reason)) }
    if phase == .ready { send(id, at: now) }
    return (id, takeEffects())
  }

  /// Wants an evaluation no more; nothing more is said of it.
  package mutating func cancel(_ id: Int) -> [Effect] {
    guard let evaluation = evaluations.removeValue(forKey: id) else { return [] }
    if evaluation.wasSent {
      effects.append(.send(EvaluatorRequest.cancelLine(id: id)))
      cancelled[id] = evaluation.imagesLeft
    }
    return takeEffects()
  }

  // MARK: What happens

  /// Takes note that the program was started.
  package mutating func started(at now: Instant) -> [Effect] {
    precondition(phase == .starting)
    phase = .preparing(deadline: now + limits.readyTimeout)
    effects.append(.send(run.line))
    return takeEffects()
  }

  /// Takes note that the program has ended or could not be started.
  package mutating func ended(_ how: String, at now: Instant) -> [Effect] {
    let diagnostic =
      if case .ending(let reason) = phase { reason } else { "the evaluator \(how)" }
    if case .over = phase { return [] }
    deathCount += 1
    effects.append(.log(diagnostic))
    if deathCount >= limits.deathCountMax {
      giveUp("\(diagnostic), for the \(deathCount). time without a result")
    } else {
      phase = .waiting
      restarting.wait(from: now)
      restarting.grow()
      cancelled = [:]
      for id in evaluations.keys.sorted() where evaluations[id]?.wasSent == true {
        finish(id, .failed(diagnostic))
      }
    }
    return takeEffects()
  }

  /// Takes a line.
  package mutating func receive(_ line: [UInt8], at now: Instant) -> [Effect] {
    do throws(EvaluatorFault) {
      try take(EvaluatorAnswer(line: line), at: now)
    } catch {
      let start = String(decoding: line.prefix(80), as: UTF8.self).withControlsWrittenOut
      ignore(
        "the evaluator has written \"\(start)\", which is no message (\(error)); what users should "
          + "read belongs on its standard error")
    }
    return takeEffects()
  }

  /// Takes note of a line that is longer than any may be.
  package mutating func overflowed(sizeMax: Int) -> [Effect] {
    end("the evaluator has written a line of more than \(sizeMax) bytes")
    return takeEffects()
  }

  /// Does what is due by time alone.
  package mutating func tick(at now: Instant) -> [Effect] {
    switch phase {
    case .waiting where restarting.isDue(at: now):
      phase = .starting
      noiseCount = 0
      effects.append(.start)
    case .preparing(let deadline) where deadline <= now:
      end("the evaluator has not said that it is ready within \(limits.readyTimeout)")
    case .ready:
      if let deadline = evaluationDeadline, deadline <= now {
        let sent = evaluations.values.filter(\.wasSent)
        let done = sent.reduce(0) { $0 + $1.imagesDone }
        let left = sent.reduce(0) { $0 + $1.imagesLeft }
        end(
          "the evaluator has not gone on for \(now - heardAt): \(done) of "
            + "\(counted(done + left, "image")) are done")
      }
    case .waiting, .preparing, .starting, .ending, .over: break
    }
    return takeEffects()
  }

  // MARK: Lines

  private mutating func take(_ answer: EvaluatorAnswer, at now: Instant) {
    switch answer {
    case .ready(let backend): becomeReady(backend, at: now)
    case .result(let id, let correct, let losses, let costs):
      conclude(id, correct, losses, costs, at: now)
    case .unusable(let id, let fault):
      guard wasAsked(id) else { return }
      hear(of: id, at: now)
      finish(id, .failed("the evaluator's result is none: \(fault)"))
    case .progress(let id, let images): advance(id, to: images, at: now)
    case .error(let id, let diagnostic):
      guard wasAsked(id) else { return }
      hear(of: id, at: now)
      finish(id, .failed("the evaluator says: \(diagnostic)"))
    }
  }

  private mutating func becomeReady(_ backend: Backend, at now: Instant) {
    guard case .preparing = phase else {
      ignore("the evaluator has said again that it is ready")
      return
    }
    let wanted = run.description.numerics.backend
    guard backend == wanted else {
      effects.append(.kill)
      giveUp("the evaluator is \(backend), and the run is computed by \(wanted)")
      return
    }
    phase = .ready
    noiseCount = 0
    for id in evaluations.keys.sorted() { send(id, at: now) }
  }

  private mutating func conclude(
    _ id: Int, _ correct: [UInt8], _ losses: [Double]?, _ costs: MeasuredCosts, at now: Instant
  ) {
    guard wasAsked(id), let evaluation = evaluations[id] else { return }
    hear(of: id, at: now)
    let count = evaluation.request.images.count
    guard let bits = BitVector(bytes: correct, count: count) else {
      finish(
        id,
        .failed(
          "the evaluator's bits of \(counted(count, "image")) are "
            + "\(counted(correct.count, "byte")) instead of "
            + "\((count + 7) / 8), or have spare bits that are not 0"
        ))
      return
    }
    guard losses.map({ $0.count == count }) ?? true else {
      finish(
        id,
        .failed(
          "the evaluator gives \(counted(losses?.count ?? 0, "loss", plural: "losses")) of "
            + "\(counted(count, "image"))"))
      return
    }
    // Without losses an image's is 0 or 1, by whether it is right.
    let sum = losses?.reduce(0, +) ?? Double(count - bits.populationCount)
    guard losses?.allSatisfy({ $0.isFinite && $0 >= 0 }) ?? true, sum.isFinite else {
      finish(id, .failed("the evaluator gives a loss that is none: negative or no finite number"))
      return
    }
    // Costs that the run computes are not asked for, and do no harm.
    var wanted = MeasuredCosts()
    for quantity in run.description.measuredCosts {
      guard let value = costs[quantity] else {
        let key = EvaluatorAnswer.costKey(of: quantity)
        finish(id, .failed("the evaluator has not measured costs.\(key), which the run wants"))
        return
      }
      wanted[quantity] = value
    }
    deathCount = 0
    restarting.reset()
    finish(id, .measured(ShardMeasurement(correct: bits, summedLoss: sum), wanted))
  }

  private mutating func advance(_ id: Int, to images: Int, at now: Instant) {
    guard wasAsked(id), var evaluation = evaluations[id] else { return }
    let count = evaluation.request.images.count
    guard images <= count, images >= evaluation.imagesDone else {
      ignore("the evaluator says that \(images) of \(counted(count, "image")) are done")
      return
    }
    // Progress that is none buys no time.
    guard images > evaluation.imagesDone else { return }
    hear(of: id, at: now)
    evaluation.imagesDone = images
    evaluations[id] = evaluation
    effects.append(.progressed(id, images: images))
  }

  /// Whether an identity is one that the program was sent; what was cancelled may still be
  /// answered.
  private mutating func wasAsked(_ id: Int) -> Bool {
    if evaluations[id]?.wasSent == true { return true }
    if id >= nextID || evaluations[id] != nil {
      ignore("the evaluator answers evaluation \(id), for which it was not asked")
    }
    return false
  }

  /// Says what is wrong with a line, unless there are too many of them.
  private mutating func ignore(_ diagnostic: String) {
    noiseCount += 1
    if noiseCount <= 10 { effects.append(.log(diagnostic)) }
    if noiseCount >= limits.noiseCountMax {
      end(
        "the evaluator has written \(noiseCount) lines without a meaning, the last: \(diagnostic)")
    }
  }

  // MARK: Changes

  /// Takes note that the program goes on, and is done with what was cancelled before.
  private mutating func hear(of id: Int, at now: Instant) {
    noiseCount = 0
    cancelled = cancelled.filter { $0.key > id }
    heardAt = max(heardAt, now)
  }

  private mutating func send(_ id: Int, at now: Instant) {
    guard let request = evaluations[id]?.request else { return }
    // Who had nothing to do begins now; who had is not given more time for that.
    if !evaluations.values.contains(where: \.wasSent) { heardAt = max(heardAt, now) }
    evaluations[id]?.wasSent = true
    effects.append(.send(request.line(id: id)))
  }

  private mutating func finish(_ id: Int, _ outcome: Outcome) {
    evaluations[id] = nil
    effects.append(.finished(id, outcome))
  }

  private mutating func end(_ reason: String) {
    switch phase {
    case .preparing, .ready:
      phase = .ending(reason: reason)
      effects.append(.kill)
    case .waiting, .starting, .ending, .over: break
    }
  }

  private mutating func giveUp(_ reason: String) {
    phase = .over(reason: reason)
    effects.append(.log(reason))
    for id in evaluations.keys.sorted() { finish(id, .failed(reason)) }
  }

  private mutating func takeEffects() -> [Effect] {
    defer { effects = [] }
    return effects
  }
}
