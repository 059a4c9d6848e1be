import Coordination
import SparsityCore
import WireProtocol

/// A holder of a worker's key who says what is not true: results of shards that it was never given
/// (everybody can compute their keys), other workers' results under its own name, and shards in its
/// hands that it does not have; and it floods.
extension Simulator {
  /// Sends something that no worker sends.
  mutating func forge() {
    guard !isHealed else { return }
    events.add(.forge, at: now + forgerGenerator.number(in: 20...600))
    guard let machine = coordinator.machine, !journal.proposed.isEmpty else { return }
    let isNew = forger == nil || forgerGenerator.chance(0.1)
    let session = isNew ? WorkerID(forgerGenerator.next()) : forger
    forger = session
    guard let session else { return }
    if isNew {
      let hello = hello(
        label: Self.forgerLabel, slots: WireLimits.slotCountMax, isNew: true)
      send(.hello(hello), as: session, to: machine)
    }
    let count = forgerGenerator.chance(0.1) ? 40 : 1
    for _ in 0..<count {
      guard let message = lie(to: machine) else { continue }
      send(message, as: session, to: machine)
    }
  }

  /// Checks that nobody gets anything by a lie.
  mutating func checkForger() {
    guard let forger, let machine = coordinator.machine else { return }
    let burden = machine.burden(of: forger)
    if burden.leases > 0 {
      violate("a peer holds \(burden.leases) leases who was never given any")
    }
  }

  /// What a coordinator draws to compute tokens with if the run is new.
  func secret(ofLife life: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: seed, stream: UInt64(1_000 + life))
    return (0..<RunOpening.tokenSecretSize).map { _ in
      UInt8(truncatingIfNeeded: generator.next())
    }
  }

  /// A greeting of a peer who computes nothing, with a new machine or an old one.
  func hello(label: String, slots: Int, isNew: Bool) -> Hello {
    Hello(
      supported: ProtocolVersion.supported, build: "simulation", label: label, slots: slots,
      offers: [SimulatedBackend.offer(isNew: isNew)], held: [])
  }

  private mutating func send(_ message: Message, as session: WorkerID, to machine: Coordinator) {
    let envelope = Envelope(
      run: machine.settings.description.run, term: machine.term, sequence: 0, message: message)
    events.add(.arriveAtCoordinator(envelope.encoded(), from: session), at: now + 1)
  }

  private mutating func lie(to machine: Coordinator) -> Message? {
    switch forgerGenerator.index(below: 3) {
    case 0: return forgedResult(for: machine)
    case 1: return stolenResult()
    default:
      let held = (0..<4).compactMap { _ in forgedClaim(for: machine) }
      return .heartbeat(Heartbeat(leaseCountMax: 0, held: held))
    }
  }

  /// A result of a candidate that there is, with everything right but what it says.
  private mutating func forgedResult(for machine: Coordinator) -> Message? {
    guard let (grant, token) = guess(for: machine) else { return nil }
    var correct = BitVector(count: grant.slice.count)
    for index in 0..<grant.slice.count { correct[index] = true }
    return .result(
      ShardResult(
        shard: grant.shard, key: grant.key,
        measurement: ShardMeasurement(correct: correct, summedLoss: 0),
        costs: run.settings.model.cost(grant.genome).wireValues, evaluationMicroseconds: 1,
        token: token))
  }

  /// What another worker has sent, if anything.
  private func stolenResult() -> Message? {
    guard !sampleFrame.isEmpty, let envelope = try? Envelope(decoding: sampleFrame) else {
      return nil
    }
    return envelope.message
  }

  private mutating func forgedClaim(for machine: Coordinator) -> HeldShard? {
    guard let (grant, token) = guess(for: machine) else { return nil }
    let states: [HeldShard.State] = [.queued, .running(imagesDone: 0), .measured]
    return HeldShard(
      shard: grant.shard, key: grant.key,
      state: states[forgerGenerator.index(below: states.count)], token: token)
  }

  /// A shard as its lease would name it, and a token that is none for it.
  private mutating func guess(
    for machine: Coordinator
  ) -> (grant: LeaseGrant, token: LeaseToken)? {
    let description = machine.settings.description
    guard machine.numerics != nil else { return nil }
    let candidates = journal.proposed.keys.sorted()
    let candidate = candidates[forgerGenerator.index(below: candidates.count)]
    guard let genome = journal.proposed[candidate] else { return nil }
    let index = forgerGenerator.index(below: description.slices.count)
    let slice = description.slices[index]
    let key = ShardKeys(description: description)
      .key(of: genome, slice: slice)
    var token = LeaseToken(bits: UInt128(forgerGenerator.next()))
    if case .result(let result)? = stolenResult(), forgerGenerator.chance(0.5) {
      token = result.token
    }
    let grant = LeaseGrant(
      shard: ShardID(candidate: candidate, slice: index), slice: slice, genome: genome, key: key,
      attempt: 0, token: token)
    return (grant, token)
  }
}
