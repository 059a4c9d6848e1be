import Coordination
import SparsityCore
import WireProtocol

/// Peers that want what they have no right to: strangers without a worker's name or key, the holder
/// of a key that speaks for others, and one that wants all sessions for itself.
extension Simulator {
  private static let strangerIdentity: [UInt8] = [0, 0, 0, 0, 2]

  // MARK: Strangers

  /// Sends something that is neither a worker's nor an operator's, or asks what others may not.
  mutating func intrude() {
    guard !isHealed else { return }
    events.add(.intrude, at: now + receptionGenerator.number(in: 20...900))
    guard coordinator.isRunning else { return }
    // Some come from more hosts than are told of.
    let hostCount = receptionGenerator.chance(0.1) ? 300 : 3
    let repeats = hostCount > 3 ? 130 : 1
    let kind = receptionGenerator.index(below: 6)
    for _ in 0..<repeats {
      let address = "10.1.0.\(receptionGenerator.index(below: hostCount))"
      intrude(kind, from: address)
    }
  }

  private mutating func intrude(_ kind: Int, from address: String) {
    var stranger = Peer(
      identity: Self.strangerIdentity, key: isEncrypted ? Self.forgerKey : nil, address: address)
    switch kind {
    case 0:
      if isEncrypted { tellCoordinator(.keptOut(address: address)) }
    case 1:
      let frames: [[UInt8]] = [[1, 2, 3], sampleFrame]
      let count = receptionGenerator.index(below: 3)
      receive(
        Arrival(
          from: stranger, frames: Array(frames.prefix(count)),
          isTruncated: receptionGenerator.chance(0.3)))
    case 2: receive(Arrival(from: stranger, frames: [sampleFrame]))
    case 3: operate(.statusRequest(workerCountMax: 3), by: operatorPeer)
    default:
      // Without encryption everybody may ask, and would end the run.
      if isEncrypted {
        if receptionGenerator.chance(0.2) { stranger.key = nil }
        let name = "worker-\(receptionGenerator.index(below: plan.workerCount))"
        operate(.drainRequest(worker: kind == 4 ? nil : name), by: stranger)
      } else {
        operate(.drainRequest(worker: "nobody"), by: stranger)
      }
    }
  }

  /// Takes a message of a peer that is no worker.
  mutating func takeFromOther(_ arrival: Arrival) {
    var request: OperatorMessage?
    if arrival.frames.count == 1, !arrival.isTruncated,
      case .operation(let found)? = try? Envelope(decoding: arrival.frames[0]).message
    {
      request = found
    }
    let isAllowed = request != nil && (!isEncrypted || arrival.peer.key == Self.operatorKey)
    tell("\(arrival.peer.address ?? "a peer") → \(request?.name ?? "noise")")
    var exchange = OperatorExchange(peer: arrival.peer, request: request, isAllowed: isAllowed)
    if isAllowed, case .drainRequest(let name?) = request {
      exchange.leaving = sessions(named: name)
    }
    let malformedBefore = coordinator.machine?.counters.malformedFrames ?? 0
    observed.reception.exchange = exchange
    apply(.arrived(arrival))
    let malformedCount = (coordinator.machine?.counters.malformedFrames ?? 0) - malformedBefore
    if let exchange = observed.reception.exchange {
      for problem in exchange.problems(malformedCount: malformedCount) { violate(problem) }
    }
    observed.reception.exchange = nil
  }

  private func sessions(named name: String) -> Set<WorkerID> {
    let sessions = coordinator.reception?.sessions.entries.keys.filter { worker in
      places[worker].map { "worker-\($0)" == name } ?? false
    }
    return Set(sessions ?? [])
  }

  /// An operator asks a worker to leave; another takes its place.
  mutating func drainByName(_ place: Int) {
    guard !isHealed, coordinator.isRunning else { return }
    tell("an operator asks worker-\(place) to leave")
    operate(.drainRequest(worker: "worker-\(place)"))
  }

  // MARK: An impostor

  /// Speaks for the session of another peer, with a key that is allowed.
  mutating func impersonate() {
    guard !isHealed else { return }
    events.add(.impersonate, at: now + receptionGenerator.number(in: 50...900))
    guard let reception = coordinator.reception, !isBusy, !transport.hasArrivals else { return }
    let victims = reception.sessions.entries.keys.filter { places[$0] != nil }.sorted()
    guard !victims.isEmpty else { return }
    let victim = victims[receptionGenerator.index(below: victims.count)]
    let count = receptionGenerator.chance(0.1) ? 250 : 1
    for _ in 0..<count {
      var peer = peer(of: victim)
      peer.key = Self.forgerKey
      peer.connection = ConnectionID(-1)
      receive(Arrival(from: peer, frames: [impersonation(of: reception.coordinator)]))
    }
  }

  private mutating func impersonation(of machine: Coordinator) -> [UInt8] {
    switch receptionGenerator.index(below: 5) {
    case 0: [1, 2, 3]
    case 1: sampleFrame
    case 2:
      machine.envelope(of: .hello(hello(label: Self.forgerLabel, slots: 4, isNew: false)))
        .encoded()
    case 3:
      machine.envelope(of: .heartbeat(Heartbeat(leaseCountMax: 0, held: []))).encoded()
    default:
      machine.envelope(of: .bye(Farewell(reason: .drained, diagnostic: ""))).encoded()
    }
  }

  /// Takes a message under the name of a session that another key has opened: it changes nothing.
  mutating func takeFromImpostor(_ arrival: Arrival, as worker: WorkerID) {
    tell("a peer says to be \(worker)")
    let before = coordinator.reception?.sessions[worker]
    let counters = coordinator.machine?.counters
    observed.reception.isImpostorHeard = true
    apply(.arrived(arrival))
    observed.reception.isImpostorHeard = false
    let after = coordinator.reception?.sessions[worker]
    if after?.key != before?.key || after?.connection != before?.connection
      || after?.heardAt != before?.heardAt || coordinator.machine?.counters != counters
    {
      violate("a peer speaks for \(worker), whose session another key has opened")
    }
  }

  // MARK: A greedy key

  /// Opens and keeps as many sessions as the coordinator allows, and ends some.
  mutating func grab() {
    guard !isHealed else { return }
    events.add(.grab, at: now + receptionGenerator.number(in: 100...1_500))
    guard let machine = coordinator.machine else { return }
    if receptionGenerator.chance(0.2) {
      let bye = machine.envelope(of: .bye(Farewell(reason: .drained, diagnostic: "")))
      for worker in greedySessions { arriveSoon(bye, from: worker) }
      greedySessions = []
    }
    let beat = machine.envelope(of: .heartbeat(Heartbeat(leaseCountMax: 0, held: [])))
    for worker in greedySessions { arriveSoon(beat, from: worker) }
    for _ in 0..<receptionGenerator.number(in: 1...60) {
      let worker = WorkerID(receptionGenerator.next())
      greedySessions.append(worker)
      greedyIDs.insert(worker)
      // With a better machine than the others have it could choose an arithmetic without them.
      let greeting = hello(label: Self.greedyLabel, slots: 1, isNew: false)
      arriveSoon(machine.envelope(of: .hello(greeting)), from: worker)
    }
    greedySessions = greedySessions.suffix(300)
  }

  /// The name under which the sessions of the greedy key greet.
  static var greedyLabel: String { "greedy" }

  private mutating func arriveSoon(_ envelope: Envelope, from worker: WorkerID) {
    events.add(.arriveAtCoordinator(envelope.encoded(), from: worker), at: now + 1)
  }
}
