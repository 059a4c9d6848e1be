import SparsityCore
import WireProtocol

extension WorkerMachine {
  /// Takes no new work, hands back what waits, and plans to leave.
  mutating func drain(at now: Instant) {
    guard !isDraining else { return }
    isDraining = true
    let deadline = now + settings.drainTimeout
    drainDeadline =
      settings.endTime.map { min(deadline, $0 - settings.departureMargin) } ?? deadline
    switch departure {
    case .asked: notify(.draining)
    case .timeOver: notify(.timeEnds)
    case .idle: break
    }
    for task in tasks {
      if case .queued = task.state { handBack(task.grant, diagnostic: "the worker leaves") }
    }
    tasks.removeAll { !$0.isRunning && !$0.isMeasured }
    if case .working = phase { beat(at: now) }
  }

  /// Tells the coordinator that a lease is not carried out.
  mutating func handBack(_ grant: LeaseGrant, diagnostic: String) {
    send(
      .reject(
        Rejection(shard: grant.shard, key: grant.key, reason: .handedBack, diagnostic: diagnostic)))
  }

  /// Leaves when a draining worker has nothing left.
  mutating func leaveIfDrained() {
    guard isDraining, !isDone else { return }
    if case .working = phase, !tasks.isEmpty { return }
    depart()
  }

  /// Leaves for the reason for which the worker drains.
  mutating func depart() {
    switch departure {
    case .asked: leave(.drained, diagnostic: "the worker was asked to leave", exit: .drained)
    case .timeOver: leave(.timeOver, diagnostic: "the time of the worker is over", exit: .timeOver)
    case .idle:
      let diagnostic = "there was nothing to do for \(settings.idleTimeout ?? .zero)"
      leave(.idle, diagnostic: diagnostic, exit: .idle(diagnostic: diagnostic))
    }
  }

  // MARK: Times

  /// The time until the process ends, for the coordinator.
  func remainingMilliseconds(at now: Instant) -> Int? {
    settings.endTime.map { $0 <= now ? 1 : ($0 - now).wholeMilliseconds }
  }

  /// When the worker begins to drain because its time ends.
  var drainStart: Instant? {
    settings.endTime.map { $0 - settings.departureMargin - settings.drainTimeout }
  }

  /// When the worker leaves unless there is something to do.
  var idleDeadline: Instant? {
    guard let idleSince, let timeout = settings.idleTimeout, !isDraining else { return nil }
    return idleSince + timeout
  }

  /// Drains when the time ends, and leaves when there was nothing to do for too long.
  mutating func keepDepartureTimes(at now: Instant) {
    if let drainStart, drainStart <= now, !isDraining {
      departure = .timeOver
      drain(at: now)
    }
    guard let idleDeadline, idleDeadline <= now, tasks.isEmpty else { return }
    // A heartbeat says so before the farewell does, which may be lost.
    departure = .idle
    drain(at: now)
  }

  /// Records since when there is nothing to do.
  mutating func trackIdleness(at now: Instant) {
    guard case .working = phase, tasks.isEmpty else {
      idleSince = nil
      return
    }
    idleSince = idleSince ?? now
  }

  /// Stops everything, says farewell and ends.
  mutating func leave(_ reason: Farewell.Reason, diagnostic: String, exit: Exit) {
    if link.isWelcome { send(.bye(Farewell(reason: reason, diagnostic: diagnostic))) }
    end(exit)
  }

  /// Stops everything and ends.
  mutating func end(_ exit: Exit) {
    for task in tasks where task.isRunning { effects.append(.stop(task.grant.shard)) }
    tasks = []
    phase = .done
    effects.append(.exit(exit))
  }
}
