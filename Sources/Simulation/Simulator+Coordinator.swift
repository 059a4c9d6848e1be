import Coordination
import SparsityCore
import WireProtocol

/// The coordinator's process, if it runs.
struct SimulatedCoordinator: Sendable {
  /// What stands between the network and the machine, if the process runs.
  var reception: Reception?
  /// The number of starts.
  var life = 0
  /// When the current life began, less what its clock has jumped ahead.
  var startedAt = 0
  /// When the process wants to be woken, if at all.
  var wakesAt: Int?
  /// Whether a batch is being written.
  var isWriting = false
  /// The longest time that the search thinks.
  var thinkTimeMax = 0
  /// How long the process stays away after its workers have left, if it was asked to let them go.
  var drainPause: Int?
  /// How long the process stays away after it has ended alone, if it was asked to.
  var stopPause: Int?
  /// How the machine has finished, if the process has yet to end.
  var ending: Coordinator.Ending?
  /// Whether the run is over.
  var isFinished = false

  /// The machine, if the process runs.
  var machine: Coordinator? { reception?.coordinator }

  /// Whether the process runs.
  var isRunning: Bool { reception != nil }
}

extension Simulator {
  /// Starts the coordinator with what the journal holds.
  mutating func startCoordinator() {
    guard !coordinator.isRunning, !coordinator.isFinished else { return }
    let usesSnapshot = journal.snapshot != nil && snapshotGenerator.chance(0.5)
    do {
      let machine = try recoverCoordinator(usingSnapshot: usesSnapshot)
      coordinator.reception = Reception(machine, keys: allowedKeys)
    } catch {
      violate("the coordinator does not start: \(error)")
      return
    }
    coordinator.life += 1
    transport = SimulatedTransport(after: transport)
    coordinator.startedAt = now
    coordinator.wakesAt = nil
    coordinator.isWriting = false
    coordinator.drainPause = nil
    coordinator.stopPause = nil
    coordinator.ending = nil
    observed = ObservedLife()
    tell(
      "coordinator starts with \(journal.records.count) records"
        + (usesSnapshot ? " and a snapshot of some" : ""))
    apply(.coordinator(.started))
    connectAll()
  }

  /// Kills the coordinator; a batch being written may or may not have become durable.
  mutating func crashCoordinator(pause: Int) {
    guard coordinator.isRunning, !isHealed else { return }
    tell("coordinator dies")
    checkDeaths()
    coordinator.reception = nil
    endAuditor()
    events.add(.startCoordinator, at: now + pause)
  }

  /// Asks the coordinator alone to end; it starts again after `pause`.
  mutating func stopCoordinator(pause: Int) {
    guard coordinator.isRunning, !isHealed else { return }
    tell("coordinator is asked to end")
    coordinator.stopPause = pause
    tellCoordinator(.coordinator(.stopRequested))
  }

  /// An operator asks the coordinator to let all workers leave and to end; it starts again after
  /// `pause`.
  mutating func drainCoordinator(pause: Int) {
    guard coordinator.isRunning, !isHealed else { return }
    tell("coordinator is asked to let all workers leave")
    coordinator.drainPause = pause
    operate(.drainRequest(worker: nil))
  }

  /// Ends the process in good order when the machine has finished.
  mutating func endIfOver() {
    guard let ending = coordinator.ending else { return }
    coordinator.ending = nil
    apply(.concluded)
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
    coordinator.reception = nil
    endAuditor()
    events.add(.startCoordinator, at: now + pause)
  }

  // MARK: The store

  /// Begins to write a batch.
  mutating func write(_ batch: JournalBatch) {
    if coordinator.isWriting { violate("two batches are written at once") }
    coordinator.isWriting = true
    let time = isHealed ? 1 : generator.number(in: plan.writeTimes)
    events.add(.finishWrite(batch, coordinatorLife: coordinator.life), at: now + time)
  }

  /// Ends the write of a batch, which may have failed.
  mutating func finishWrite(_ batch: JournalBatch, coordinatorLife: Int) {
    guard coordinator.isRunning, coordinatorLife == coordinator.life else {
      // The writer has died. Its last write may have reached the disk before, but not later than
      // the next life's start, so only a batch without a successor may still count.
      if !coordinator.isRunning, coordinatorLife == coordinator.life, generator.chance(0.5) {
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
      .coordinator(
        isFailing
          ? .persistFailed(firstSequence: batch.firstSequence, diagnostic: "the disk is full")
          : .persisted(firstSequence: batch.firstSequence)))
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
