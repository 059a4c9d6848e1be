import Coordination
import WireProtocol

/// The connections between workers and coordinator, in runs in which they come and go.
///
/// What a worker sends without a connection waits until there is one; what the coordinator sends is
/// lost before it notices that a connection has ended, and cannot be sent after that.
extension Simulator {
  /// The time between the decision to end a connection and its end.
  private static let graceMilliseconds = 500

  /// Lets a worker's process connect.
  mutating func connectSoon(_ worker: WorkerID, within delayMax: Int) {
    guard plan.reception != nil, let place = place(of: worker) else { return }
    let due = now + receptionGenerator.number(in: 1...delayMax)
    workers[place].process?.linkedAt = due
    events.add(.connect(worker, coordinatorLife: coordinator.life), at: due)
  }

  /// Lets all processes connect to a coordinator that has started.
  mutating func connectAll() {
    for worker in workers {
      if let session = worker.process?.worker { connectSoon(session, within: 600) }
    }
  }

  /// Connects a worker's process, unless its key is not allowed.
  mutating func connect(_ worker: WorkerID, coordinatorLife: Int) {
    guard coordinatorLife == coordinator.life, coordinator.isRunning, let place = place(of: worker),
      let linkedAt = workers[place].process?.linkedAt, linkedAt <= now
    else { return }
    guard !isEncrypted || !workers[place].isRevoked else {
      tellCoordinator(.keptOut(address: peer(of: worker).address ?? ""))
      connectSoon(worker, within: 5_000)
      return
    }
    tell("worker-\(place) connects")
    transport.connect(worker)
    observed.reception.reconnect(worker)
    tellCoordinator(.handshakeSeen)
  }

  /// Breaks the connection of a worker for a while.
  mutating func breakLink(of place: Int, pause: Int) {
    guard !isHealed, let process = workers[place].process, process.linkedAt <= now,
      let link = transport.links[process.worker]
    else { return }
    tell("the connection of worker-\(place) breaks for \(pause) ms")
    let due = min(now + pause, plan.healsAt + 1)
    workers[place].process?.linkedAt = due
    let life = coordinator.life
    // The coordinator hears what was sent before.
    events.add(
      .endLink(process.worker, link.connection, coordinatorLife: life), at: now + plan.delayMax + 1)
    events.add(.connect(process.worker, coordinatorLife: life), at: due)
  }

  /// Lets the coordinator notice that a connection has ended, which another may have replaced.
  mutating func endLink(
    of worker: WorkerID, _ connection: ConnectionID?, coordinatorLife: Int
  ) {
    guard coordinatorLife == coordinator.life, let link = transport.links[worker] else { return }
    if connection == nil || link.connection == connection { disconnect(worker) }
    tellCoordinator(.connectionEnded)
  }

  private mutating func disconnect(_ worker: WorkerID) {
    tell("the connection of \(worker) has ended")
    transport.disconnect(worker)
    observed.reception.disconnect(worker, at: now)
  }

  /// Lets the coordinator notice that a worker's process has ended.
  mutating func noticeGone(_ worker: WorkerID) {
    guard plan.reception == nil else {
      endLink(of: worker, nil, coordinatorLife: coordinator.life)
      return
    }
    apply(.notReached(worker))
    takeTurn()
  }

  /// Takes note that something has come by a worker's connection; returns the connection if it
  /// counts.
  mutating func hearConnection(of worker: WorkerID) -> ConnectionID? {
    if places[worker] == nil, transport.links[worker] == nil {
      transport.connect(worker)
      tellCoordinator(.handshakeSeen)
    }
    return transport.hear(worker) ? transport.links[worker]?.connection : nil
  }

  // MARK: What the coordinator ends

  /// Ends a connection when its peer had time to read why.
  mutating func endConnection(_ connection: ConnectionID) {
    if let worker = transport.worker(of: connection) { endConnection(of: worker) }
  }

  /// Ends the connections of all that have shown other keys.
  mutating func endConnections(allBut keys: PeerKeys) {
    for (worker, link) in transport.links.sorted(by: { $0.key < $1.key }) where link.hasSpoken {
      if let key = peer(of: worker).key, keys.allows(key) { continue }
      endConnection(of: worker)
    }
  }

  private mutating func endConnection(of worker: WorkerID) {
    guard let link = transport.links[worker], transport.beginEnd(of: worker) else { return }
    events.add(
      .cutLink(worker, link.connection, coordinatorLife: coordinator.life),
      at: now + Self.graceMilliseconds)
  }

  /// Ends a connection of a peer that was turned away; it connects again.
  mutating func cutLink(of worker: WorkerID, _ connection: ConnectionID, coordinatorLife: Int) {
    guard coordinatorLife == coordinator.life,
      transport.links[worker]?.connection == connection
    else { return }
    disconnect(worker)
    tellCoordinator(.connectionCut(.refusal, key: peer(of: worker).key))
    tellCoordinator(.connectionEnded)
    connectSoon(worker, within: 200)
  }
}
