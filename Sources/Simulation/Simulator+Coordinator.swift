import Coordination
import SparsityCore
import WireProtocol

/// The coordinator's process, if it runs.
struct SimulatedCoordinator: Sendable {
  /// The machine.
  var machine: Coordinator?
  /// The number of starts.
  var life = 0
  /// When the current life began, less what its clock has jumped ahead.
  var startedAt = 0
  /// When the process wants to be woken, if at all.
  var wakesAt: Int?
  /// Whether a batch is being written.
  var isWriting = false
  /// How long the process stays away after its workers have left, if it was asked to let them go.
  var drainPause: Int?
  /// How long the process stays away after it has ended alone, if it was asked to.
  var stopPause: Int?
  /// Whether the run is over.
  var isFinished = false
}

extension Simulator {
  /// Starts the coordinator with what the journal holds.
  mutating func startCoordinator() {
    guard coordinator.machine == nil, !coordinator.isFinished else { return }
    let usesSnapshot = journal.snapshot != nil && snapshotGenerator.chance(0.5)
    do {
      coordinator.machine = try recoverCoordinator(usingSnapshot: usesSnapshot)
    } catch {
      violate("the coordinator does not start: \(error)")
      return
    }
    coordinator.life += 1
    coordinator.startedAt = now
    coordinator.wakesAt = nil
    coordinator.isWriting = false
    coordinator.drainPause = nil
    coordinator.stopPause = nil
    observed = ObservedLife()
    tell(
      "coordinator starts with \(journal.records.count) records"
        + (usesSnapshot ? " and a snapshot of some" : ""))
    tellCoordinator(.started)
  }

  /// Kills the coordinator; a batch being written may or may not have become durable.
  mutating func crashCoordinator(pause: Int) {
    guard coordinator.machine != nil, !isHealed else { return }
    tell("coordinator dies")
    checkDeaths()
    coordinator.machine = nil
    endAuditor()
    events.add(.startCoordinator, at: now + pause)
  }

  /// Asks the coordinator alone to end; it starts again after `pause`.
  mutating func stopCoordinator(pause: Int) {
    guard coordinator.machine != nil, !isHealed else { return }
    tell("coordinator is asked to end")
    coordinator.stopPause = pause
    tellCoordinator(.stopRequested)
  }

  /// Asks the coordinator to let all workers leave and to end; it starts again after `pause`.
  mutating func drainCoordinator(pause: Int) {
    guard coordinator.machine != nil, !isHealed else { return }
    tell("coordinator is asked to let all workers leave")
    coordinator.drainPause = pause
    tellCoordinator(.drainRequested)
  }

  /// Delivers a frame to the coordinator.
  mutating func arriveAtCoordinator(_ frame: [UInt8], from worker: WorkerID) {
    guard coordinator.machine != nil else { return }
    // A new coordinator does not let revoked keys in; the old one was told while they were in.
    if let life = revoked[worker], life != coordinator.life { return }
    deliveredCount += 1
    digest(frame, mark: 1)
    do {
      let envelope = try Envelope(decoding: frame)
      tell("\(worker) → \(envelope.message.name)")
      let before = coordinator.machine?.counters
      tellCoordinator(.received(envelope, from: worker, key: keyName(of: worker)))
      if case .result(let result) = envelope.message, let before {
        checkComparison(of: result, from: worker, before: before)
      }
    } catch {
      tell("\(worker) → \(error)")
      if places[worker] != nil { violate("an honest frame cannot be decoded: \(error)") }
      tellCoordinator(.malformed(error, from: worker))
    }
  }

  /// Applies an event to the coordinator and performs the effects.
  mutating func tellCoordinator(_ event: Coordinator.Event) {
    // In place: copying the machine would cost more than the event.
    let instant = instant(since: coordinator.startedAt)
    guard let effects = coordinator.machine?.apply(event, at: instant) else { return }
    // With thousands of workers all of it cannot be checked each time.
    if !plan.isCrowd || eventCount.isMultiple(of: 4_000) {
      coordinator.machine?.checkInvariants()
      coordinator.machine?.checkSilence(at: instant)
    }
    for effect in effects { perform(effect) }
    wakeCoordinator()
  }

  private mutating func wakeCoordinator() {
    guard let deadline = coordinator.machine?.nextDeadline else {
      coordinator.wakesAt = nil
      return
    }
    let due = max(now + 1, coordinator.startedAt + milliseconds(deadline))
    guard due != coordinator.wakesAt else { return }
    coordinator.wakesAt = due
    events.add(.wakeCoordinator(life: coordinator.life), at: due)
  }

  private mutating func perform(_ effect: Coordinator.Effect) {
    switch effect {
    case .send(let envelope, let worker):
      check(envelope, to: worker)
      send(envelope, to: worker)
    case .persist(let batch): write(batch)
    case .snapshot(let snapshot): write(snapshot)
    case .note(let note):
      tell("note \(note)")
      check(note)
    case .serve(let message, let worker):
      violate("\(worker) asks for \(message.name), and simulated workers have their inputs")
    case .startAuditor: startAuditor()
    case .finish(let ending):
      tell("coordinator finishes: \(ending)")
      endCoordinator(ending)
    }
  }

  private mutating func endCoordinator(_ ending: Coordinator.Ending) {
    let pause: Int?
    switch ending {
    case .completed:
      coordinator.isFinished = true
      return
    case .drained: pause = coordinator.drainPause
    case .stopped: pause = coordinator.stopPause
    case .restarting: pause = 1
    }
    guard let pause else {
      violate("the coordinator ended as \(ending), and nobody has asked it to")
      return
    }
    if coordinator.machine?.isSettled == false { violate("the coordinator ended before its store") }
    coordinator.machine = nil
    endAuditor()
    events.add(.startCoordinator, at: now + pause)
  }

  private mutating func send(_ envelope: Envelope, to worker: WorkerID) {
    let frame = envelope.encoded()
    digest(frame, mark: 2)
    tell("\(envelope.message.name) → \(worker)")
    guard place(of: worker) != nil else {
      if generator.chance(plan.noticeProbability) {
        // What the process has sent before it ended comes first.
        events.add(
          .noticeGone(worker, coordinatorLife: coordinator.life), at: now + plan.delayMax + 1)
      }
      return
    }
    for delay in delays(of: worker) {
      events.add(.arriveAtWorker(frame, to: worker), at: now + delay)
    }
  }

  // MARK: The store

  private mutating func write(_ batch: JournalBatch) {
    if coordinator.isWriting { violate("two batches are written at once") }
    coordinator.isWriting = true
    let time = isHealed ? 1 : generator.number(in: plan.writeTimes)
    events.add(.finishWrite(batch, coordinatorLife: coordinator.life), at: now + time)
  }

  mutating func finishWrite(_ batch: JournalBatch, coordinatorLife: Int) {
    guard coordinator.machine != nil, coordinatorLife == coordinator.life else {
      // The writer has died. Its last write may have reached the disk before, but not later than
      // the next life's start, so only a batch without a successor may still count.
      if coordinator.machine == nil, coordinatorLife == coordinator.life, generator.chance(0.5) {
        commit(batch)
      }
      return
    }
    coordinator.isWriting = false
    let isFailing =
      !isHealed && (generator.chance(plan.writeFailureProbability) || isDiskFull)
    // A write that is reported as failed may have become durable all the same.
    if !isFailing || generator.chance(0.2) { commit(batch) }
    tell("\(isFailing ? "failed to write" : "wrote") \(batch.records.count) records")
    tellCoordinator(
      isFailing
        ? .persistFailed(firstSequence: batch.firstSequence, words: "the disk is full")
        : .persisted(firstSequence: batch.firstSequence))
    if !isFailing { checkReplay() }
    if isFailing, generator.chance(0.3) {
      events.add(
        .recoverStore(coordinatorLife: coordinatorLife), at: now + generator.number(in: 1...500))
    }
  }

  private mutating func commit(_ batch: JournalBatch) {
    for problem in journal.write(batch) { violate(problem) }
    for record in batch.records {
      digest(record.encoded(), mark: 3)
      switch record {
      case .shardCompleted, .confirmed: if isHealed { resultAt = now }
      default: break
      }
    }
  }
}

extension Simulator {
  /// The current time as a process sees it that started at `start`.
  func instant(since start: Int) -> Instant {
    Instant(sinceStart: .milliseconds(now - start))
  }

  /// The milliseconds of a deadline since the start of its process, rounded up.
  func milliseconds(_ deadline: Instant) -> Int {
    let (seconds, attoseconds) = deadline.sinceStart.components
    let unit: Int64 = 1_000_000_000_000_000
    return Int(seconds) * 1000 + Int((attoseconds + unit - 1) / unit)
  }

  /// Whether the disk is full.
  var isDiskFull: Bool {
    plan.fullDisks.contains { $0.time <= now && now < $0.time + $0.pause }
  }

  /// The delays after which copies of a message to or from a worker arrive; none if it is lost.
  mutating func delays(of worker: WorkerID) -> [Int] {
    if isHealed { return [generator.number(in: 1...5)] }
    let place = places[worker] ?? -1
    if plan.partitions.contains(where: { $0.concerns(place, at: now) }) { return [] }
    if let clog = plan.clogs.first(where: { $0.concerns(place, at: now) }) {
      return [min(clog.time + clog.pause, plan.healsAt) - now + generator.number(in: 1...5)]
    }
    if generator.chance(plan.lossProbability) { return [] }
    let count = generator.chance(plan.duplicationProbability) ? 2 : 1
    return (0..<count).map { _ in generator.number(in: 1...plan.delayMax) }
  }
}
