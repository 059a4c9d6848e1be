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
    // Anyone who has no valid key gets no connection.
    guard !workers[index].isRevoked else { return }
    let worker = WorkerID(generator.next())
    let lifetime = isHealed ? nil : plan.lifetimes.map { generator.number(in: $0) }
    let machine = WorkerMachine(
      settings: WorkerSettings(
        worker: worker, jitterSeed: generator.next(), label: "worker-\(index)",
        build: "simulation", slots: workers[index].slots, offers: [drawOffer()],
        giveUpTimeout: .milliseconds(generator.number(in: 10_000...120_000)),
        drainTimeout: .milliseconds(generator.number(in: 10...5_000)),
        endTime: lifetime.map { .start + .milliseconds($0) },
        idleTimeout: plan.idleTimeout.map { .milliseconds($0) }))
    places[worker] = index
    workers[index].process = SimulatedWorker.Process(
      worker: worker, startedAt: now, machine: machine)
    if let lifetime {
      workers[index].process?.endsAt = now + lifetime
      events.add(.endLifetime(worker), at: now + lifetime)
    }
    tell("worker-\(index) starts as \(worker)")
    connectSoon(worker, within: 20)
    tellWorker(worker, .started)
  }

  /// Kills a worker's process; it comes back after `pause`, or never.
  mutating func crashWorker(_ index: Int, pause: Int?) {
    guard !isHealed || pause != nil, !workers[index].isGone else { return }
    if pause == nil { workers[index].isGone = true }
    guard let worker = workers[index].process?.worker else { return }
    tell("worker-\(index) dies")
    endWork(of: index)
    workers[index].process = nil
    if generator.chance(plan.noticeProbability) {
      // The transport hands out first what the process has sent before.
      events.add(
        .noticeGone(worker, coordinatorLife: coordinator.life), at: now + plan.delayMax + 1)
    }
    if let pause { events.add(.startWorker(index), at: now + pause) }
  }

  /// Asks a worker's process to leave; another takes its place.
  mutating func drainWorker(_ index: Int) {
    guard !isHealed, let worker = workers[index].process?.worker else { return }
    tell("worker-\(index) is asked to leave")
    tellWorker(worker, .drainRequested)
  }

  /// Ends a worker's process from outside when its time is over, if it has not left.
  mutating func endLifetime(of worker: WorkerID) {
    guard let place = place(of: worker), let process = workers[place].process else { return }
    if thaw(of: worker) == nil, process.frozenUntil == 0 {
      violate("worker-\(place) has not left before its time is over")
    }
    crashWorker(place, pause: generator.number(in: 1...2_000))
  }

  /// Lets a clock jump ahead.
  mutating func jumpClock(worker place: Int?, step: Int) {
    guard !isHealed else { return }
    guard let place else {
      guard coordinator.isRunning else { return }
      tell("the coordinator's clock jumps ahead by \(step) ms")
      coordinator.startedAt -= step
      takeTurn()
      return
    }
    guard let worker = workers[place].process?.worker else { return }
    tell("the clock of worker-\(place) jumps ahead by \(step) ms")
    workers[place].process?.clockStep += step
    tellWorker(worker, .ticked)
  }

  /// Lets a worker's process stand still for a while.
  mutating func freezeWorker(_ index: Int, pause: Int) {
    guard !isHealed, workers[index].process != nil else { return }
    tell("worker-\(index) stands still for \(pause) ms")
    let thaw = min(now + pause, plan.healsAt)
    workers[index].process?.frozenUntil = thaw
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
    guard let process = workers[place].process else { return }
    let startedAt = process.startedAt - process.clockStep
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
    case .stop(let shard): stopEvaluation(of: shard, at: place)
    case .notify(let notification): tell("worker-\(place) notifications \(notification)")
    case .exit(let exit): endWorker(place, exit)
    }
  }

  private mutating func send(_ envelope: Envelope, from worker: WorkerID) {
    let frame = envelope.encoded()
    if case .result = envelope.message { sampleFrame = frame }
    if case .bye = envelope.message, plan.losesFarewells, !isHealed { return }
    // Without a connection it waits.
    let wait = place(of: worker).flatMap { workers[$0].process?.linkedAt }.map { max(0, $0 - now) }
    for delay in delays(of: worker) {
      events.add(.arriveAtCoordinator(frame, from: worker), at: now + (wait ?? 0) + delay)
    }
  }

  private mutating func endWorker(_ place: Int, _ exit: WorkerMachine.Exit) {
    tell("worker-\(place) ends: \(exit)")
    if plan.reception != nil, let worker = workers[place].process?.worker {
      events.add(
        .noticeGone(worker, coordinatorLife: coordinator.life), at: now + plan.delayMax + 1)
    }
    endWork(of: place)
    workers[place].process = nil
    switch exit {
    case .finished: break
    case .drained, .timeOver, .idle, .coordinatorSilent:
      events.add(.startWorker(place), at: now + generator.number(in: 1...2_000))
    case .refused where isTooWeak(exit):
      let pause = numericsGenerator.number(in: 1...2_000)
      events.add(.startWorker(place), at: now + pause)
    case .refused:
      workers[place].isGone = true
      let isFound = keys != nil && workers[place].isWrong
      let isHonest = !workers[place].isDeviant && !workers[place].isSick && !isFound
      if isHonest, !workers[place].isRevoked {
        violate("honest worker-\(place) was refused: \(exit)")
      }
    case .unprepared, .otherRun:
      violate("worker-\(place) ended as \(exit)")
    }
  }
}
