import WireProtocol

/// How a life of the coordinator begins and ends.
extension Coordinator {
  mutating func begin() {
    guard term > Term(1) else { return }
    notify(
      .resumed(
        term: term, evaluations: driver.search.evaluationCount,
        shards: life.recoveredShardCount, from: life.source))
  }

  /// Asks all workers to leave, and ends when they have.
  mutating func drain() {
    guard life.drain() else { return }
    notify(.draining)
    for worker in leases.sessions.workers { send(.drain, to: worker) }
  }

  /// Ends all sessions without ending the workers, and hands out nothing more.
  ///
  /// What workers send from here on is left to the next coordinator: they keep it until it is
  /// acknowledged.
  mutating func stop(toRestart restarts: Bool) {
    guard life.canStop else { return }
    let workers = leases.sessions.workers + life.takeApplicants().map(\.worker)
    notify(
      restarts
        ? .restarting(workerCount: workers.count) : .stopping(workerCount: workers.count))
    for worker in workers {
      leases.giveBackAll(of: worker)
      endSession(of: worker)
      send(.pause, to: worker)
    }
    life.stop(told: workers, restarts: restarts)
  }

  /// Ends the run when nothing is left to do.
  mutating func end(at now: Instant) {
    if isAboutToEnd, let ending = ending() {
      var timeout = settings.timing.farewellTimeout
      var listeners = leases.sessions.workers
      if case .stopping(let told, _) = life.phase { (timeout, listeners) = (.zero, told) }
      life.end(ending, deadline: now + timeout)
      switch ending {
      case .completed: for worker in listeners { send(.finished, to: worker) }
      case .drained: for worker in listeners { send(.drain, to: worker) }
      case .stopped, .restarting: break
      }
    }
    if let ending = life.finish(hasSessions: leases.sessions.count > 0, at: now) {
      outbox.append(.finish(ending))
    }
  }

  /// Whether the end begins now.
  var isAboutToEnd: Bool { (life.isWorking || life.isStopping) && ending() != nil }

  /// How the work ends, if nothing is left to do.
  private func ending() -> Ending? {
    guard records.isEmpty else { return nil }
    if life.isRestarting { return .restarting }
    if isComplete { return .completed }
    if life.isStopping { return .stopped }
    return life.isDraining && leases.sessions.count == 0 ? .drained : nil
  }
}
