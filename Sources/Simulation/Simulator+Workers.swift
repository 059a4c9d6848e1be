import Coordination
import SparsityCore
import WireProtocol

extension Simulator {
  /// The place of a session whose process runs.
  func place(of worker: WorkerID) -> Int? {
    guard let place = places[worker] else { return nil }
    return workers[place].process?.worker == worker ? place : nil
  }

  /// Until when a session's process stands still, if it does.
  func thaw(of worker: WorkerID) -> Int? {
    guard let place = place(of: worker) else { return nil }
    let frozenUntil = workers[place].process?.frozenUntil ?? 0
    return frozenUntil > now ? frozenUntil : nil
  }

  /// Starts a worker's process as a new session.
  mutating func startWorker(_ index: Int) {
    guard workers[index].process == nil, !workers[index].isGone else { return }
    let worker = WorkerID(generator.next())
    let machine = WorkerMachine(
      settings: WorkerSettings(
        worker: worker, jitterSeed: generator.next(), label: "worker-\(index)",
        build: "simulation", slots: workers[index].slots, instructionSet: .avx512,
        precisions: [.f32, .bf16], kernelTable: 1,
        giveUpTimeout: .milliseconds(generator.number(in: 10_000...120_000)),
        drainTimeout: .milliseconds(generator.number(in: 10...5_000))))
    places[worker] = index
    workers[index].process = SimulatedWorker.Process(
      worker: worker, startedAt: now, machine: machine)
    tell("worker-\(index) starts as \(worker)")
    tellWorker(worker, .started)
  }

  /// Kills a worker's process; it comes back after `pause`, or never.
  mutating func crashWorker(_ index: Int, pause: Int?) {
    guard !isHealed || pause != nil, !workers[index].isGone else { return }
    if pause == nil { workers[index].isGone = true }
    guard let worker = workers[index].process?.worker else { return }
    tell("worker-\(index) dies")
    workers[index].process = nil
    if generator.chance(plan.noticeProbability) {
      events.add(.noticeGone(worker, coordinatorLife: coordinator.life), at: now + 1)
    }
    if let pause { events.add(.startWorker(index), at: now + pause) }
  }

  /// Asks a worker's process to leave; another takes its place.
  mutating func drainWorker(_ index: Int) {
    guard !isHealed, let worker = workers[index].process?.worker else { return }
    tell("worker-\(index) is asked to leave")
    tellWorker(worker, .drainRequested)
  }

  /// Lets a worker's process stand still for a while.
  mutating func freezeWorker(_ index: Int, pause: Int) {
    guard !isHealed, workers[index].process != nil else { return }
    tell("worker-\(index) stands still for \(pause) ms")
    workers[index].process?.frozenUntil = min(now + pause, plan.healsAt)
  }

  /// Delivers a frame to a worker; one that stands still finds it later.
  mutating func arriveAtWorker(_ frame: [UInt8], to worker: WorkerID) {
    guard place(of: worker) != nil else { return }
    if let thaw = thaw(of: worker) {
      events.add(.arriveAtWorker(frame, to: worker), at: thaw)
      return
    }
    deliveredCount += 1
    digest(frame, mark: 4)
    do {
      tellWorker(worker, .received(try Envelope(decoding: frame)))
    } catch {
      violate("a frame of the coordinator cannot be decoded: \(error)")
    }
  }

  /// Applies an event to a worker and performs the effects; one that stands still does so later.
  mutating func tellWorker(_ worker: WorkerID, _ event: WorkerMachine.Event) {
    guard let place = place(of: worker) else { return }
    if let thaw = thaw(of: worker) {
      guard case .ticked = event else { return }
      workers[place].process?.wakesAt = thaw
      events.add(.wakeWorker(worker), at: thaw)
      return
    }
    let startedAt = workers[place].process?.startedAt ?? 0
    let instant = instant(since: startedAt)
    guard let effects = workers[place].process?.machine.apply(event, at: instant) else { return }
    for effect in effects { perform(effect, worker: worker, place: place) }
    wakeWorker(worker, startedAt: startedAt)
    let runningCount = workers[place].process?.running.count ?? 0
    if runningCount > workers[place].slots {
      violate("worker-\(place) runs \(runningCount) evaluations")
    }
  }

  private mutating func wakeWorker(_ worker: WorkerID, startedAt: Int) {
    guard let place = place(of: worker) else { return }
    guard let deadline = workers[place].process?.machine.nextDeadline else { return }
    let due = max(now + 1, startedAt + milliseconds(deadline))
    guard due != workers[place].process?.wakesAt else { return }
    workers[place].process?.wakesAt = due
    events.add(.wakeWorker(worker), at: due)
  }

  private mutating func perform(
    _ effect: WorkerMachine.Effect, worker: WorkerID, place: Int
  ) {
    switch effect {
    case .send(let envelope): send(envelope, from: worker)
    case .prepare:
      events.add(.finishPreparation(worker), at: now + generator.number(in: 1...1_500))
    case .deliver(let message):
      violate("\(worker) is sent \(message.name), and simulated workers have their inputs")
    case .evaluate(let task): startEvaluation(task, worker: worker, place: place)
    case .stop(let shard): workers[place].process?.running[shard] = nil
    case .note(let note): tell("worker-\(place) notes \(note)")
    case .exit(let exit): endWorker(place, exit)
    }
  }

  private mutating func send(_ envelope: Envelope, from worker: WorkerID) {
    let frame = envelope.encoded()
    if case .result = envelope.message { sampleFrame = frame }
    for delay in delays() {
      events.add(.arriveAtCoordinator(frame, from: worker), at: now + delay)
    }
  }

  private mutating func endWorker(_ place: Int, _ exit: WorkerMachine.Exit) {
    tell("worker-\(place) ends: \(exit)")
    workers[place].process = nil
    switch exit {
    case .finished: break
    case .drained, .coordinatorSilent:
      events.add(.startWorker(place), at: now + generator.number(in: 1...2_000))
    case .refused:
      workers[place].isGone = true
      if !workers[place].isDeviant && !workers[place].isSick {
        violate("honest worker-\(place) was refused: \(exit)")
      }
    case .unprepared, .otherRun:
      violate("worker-\(place) ended as \(exit)")
    }
  }

  // MARK: Evaluations

  private mutating func startEvaluation(_ task: EvaluationTask, worker: WorkerID, place: Int) {
    let token = Int(truncatingIfNeeded: generator.next())
    let time = generator.number(in: workers[place].evaluationTimes)
    if workers[place].process?.running.updateValue(token, forKey: task.shard) != nil {
      violate("worker-\(place) evaluates \(task.shard) twice at once")
    }
    events.add(.progress(worker, task, token: token), at: now + time / 2)
    events.add(.finishEvaluation(worker, task, token: token), at: now + time)
  }

  mutating func finishEvaluation(_ worker: WorkerID, _ task: EvaluationTask, token: Int) {
    guard let place = place(of: worker) else { return }
    guard workers[place].process?.running[task.shard] == token else { return }
    guard workers[place].process?.isHanging == false else { return }
    if let thaw = thaw(of: worker) {
      events.add(.finishEvaluation(worker, task, token: token), at: thaw)
      return
    }
    workers[place].process?.running[task.shard] = nil
    if plan.hasPoison, run.isInTwelfth(0, task.genome) {
      tell("\(task.shard) kills worker-\(place)")
      crashWorker(place, pause: generator.number(in: 1...2_000))
    } else if workers[place].isSick || isHarmful(task.genome) {
      if !isHarmful(task.genome) { countFailure(at: place) }
      tellWorker(worker, .evaluationFailed(task.shard, words: "not a number"))
    } else {
      computedShardCount += 1
      var costs = run.settings.model.cost(task.genome).wireValues
      if workers[place].isDeviant { costs[0] += 1 }
      let evaluation = Evaluation(
        measurement: run.measure(task.genome, task.slice), costs: costs, microseconds: 1_000)
      tellWorker(worker, .evaluated(task.shard, evaluation))
    }
  }

  // MARK: A rogue

  /// Sends bytes that are no message, or a spoilt one, under a name of its own.
  mutating func sendGarbage() {
    guard !isHealed else { return }
    var frame = sampleFrame
    if frame.isEmpty || generator.chance(0.3) {
      frame = (0..<generator.number(in: 0...80)).map { _ in
        UInt8(truncatingIfNeeded: generator.next())
      }
    } else {
      for _ in 0..<generator.number(in: 1...6) {
        frame[generator.index(below: frame.count)] = UInt8(truncatingIfNeeded: generator.next())
      }
    }
    let rogue = WorkerID(UInt64(generator.number(in: 1...3)))
    events.add(.arriveAtCoordinator(frame, from: rogue), at: now + 1)
    events.add(.sendGarbage, at: now + generator.number(in: 10...500))
  }
}
