import Coordination
import SparsityCore
import WireProtocol

/// Who holds which key in a simulated run with encryption, and whether the coordinator can have a
/// worker of its own.
struct SimulatedKeys: Sendable {
  /// The keys that ordinary workers share.
  let count: Int
  /// Whether the first worker was started by the coordinator's owner and has the coordinator's key.
  let hasTrustedWorker: Bool
  /// Whether a worker that the coordinator asks for comes.
  let auditorComes: Bool

  /// Draws keys for some runs; `hasWrongWorker` makes them likely, to find out who it is.
  init?(
    using generator: inout SeededGenerator, hasWrongWorker: Bool, settings: inout SpotCheckSettings
  ) {
    let isEncrypted = generator.chance(hasWrongWorker ? 0.7 : 0.2)
    count = generator.number(in: 1...3)
    hasTrustedWorker = generator.chance(0.2)
    auditorComes = generator.chance(0.7)
    settings.share = [0, 0.02, 0.3, 1][generator.index(below: 4)]
    settings.hasAuditor = generator.chance(0.6)
    settings.trustedKeyWorks = hasTrustedWorker
    guard isEncrypted else { return nil }
  }
}

extension Simulator {
  /// The place of the worker that the coordinator asks for.
  var auditorPlace: Int { plan.workerCount }

  /// Whether connections are encrypted, so that peers are known by their keys.
  var isEncrypted: Bool {
    keys != nil || !plan.revocations.isEmpty || plan.reception?.isEncrypted == true
  }

  /// The keys that may connect now, or `nil` without encryption.
  ///
  /// Each worker has a key of its own, so that it can be revoked; some have the same name.
  var allowedKeys: PeerKeys? {
    guard isEncrypted else { return nil }
    var allowed = PeerKeys(workers: [Self.forgerKey: "forger"], operators: [Self.operatorKey])
    for worker in workers.prefix(plan.workerCount) where !worker.isRevoked {
      allowed.workers[key(ofPlace: worker.index)] = keyName(ofPlace: worker.index)
    }
    if plan.reception?.contestedSessionCount != nil {
      allowed.workers[Self.greedyKey] = Self.greedyLabel
    }
    if keys != nil {
      allowed.own = PeerKeys.OwnKey(
        key(ofPlace: auditorPlace), named: run.settings.spotChecks.trustedKey)
    }
    return allowed
  }

  static var forgerKey: String { "public:forger" }
  static var greedyKey: String { "public:greedy" }
  static var operatorKey: String { "public:operator" }

  private func key(ofPlace place: Int) -> String { "public:worker-\(place)" }

  private func keyName(ofPlace place: Int) -> String {
    guard let keys else { return "workers" }
    if workers[place].isWrong { return wrongKeyName }
    if place == 0, keys.hasTrustedWorker { return run.settings.spotChecks.trustedKey }
    return "key-\(place % keys.count)"
  }

  /// What the transport tells of the sender of a worker's message.
  func peer(of worker: WorkerID) -> Peer {
    let place = places[worker]
    let otherKey = greedyIDs.contains(worker) ? Self.greedyKey : Self.forgerKey
    let key = place.map(key(ofPlace:)) ?? otherKey
    return Peer(
      identity: worker.routingIdentity, key: isEncrypted ? key : nil,
      address: "10.0.0.\(place ?? 255)")
  }

  /// What the transport tells of an operator.
  var operatorPeer: Peer {
    Peer(
      identity: [0, 0, 0, 0, 1], key: isEncrypted ? Self.operatorKey : nil, address: "10.0.1.1")
  }

  /// Revokes the key of a worker.
  mutating func revokeKey(of place: Int) {
    guard !isHealed, !workers[place].isGone, !workers[place].isRevoked else { return }
    tell("the key of worker-\(place) is revoked")
    workers[place].isRevoked = true
    if coordinator.isRunning { tellKeys() } else { recordRevocations() }
  }

  /// Takes note of the sessions whose keys are revoked, which the coordinator hears of now, or
  /// before it starts; and of those whose keys are allowed again, which it may welcome.
  mutating func recordRevocations() {
    for (worker, place) in places {
      if !workers[place].isRevoked {
        revoked[worker] = nil
      } else if revoked[worker] == nil {
        revoked[worker] = coordinator.isRunning ? coordinator.life : -1
      }
    }
  }

  /// Lets the coordinator know which keys may connect.
  mutating func tellKeys() {
    if let allowedKeys { tellCoordinator(.keysChanged(allowedKeys)) }
  }

  /// The name of the key of the worker that finds other bits.
  var wrongKeyName: String { "wrong" }

  /// Starts the worker that the coordinator asks for, or lets it know that none can be had.
  mutating func startAuditor() {
    guard let keys else {
      violate("a worker with the coordinator's key is wanted, and there are no keys")
      return
    }
    tell("the coordinator asks for a worker of its own")
    let due = now + keyGenerator.number(in: 1...2_000)
    if keys.auditorComes {
      workers[auditorPlace].isGone = false
      events.add(.startWorker(auditorPlace), at: due)
    } else {
      events.add(.failAuditor(coordinatorLife: coordinator.life), at: due)
    }
  }

  /// Ends the coordinator's own worker with the coordinator.
  mutating func endAuditor() {
    guard keys != nil else { return }
    workers[auditorPlace].isGone = true
    workers[auditorPlace].process = nil
  }

  /// Checks that only the key is trusted no more whose holder computes wrongly.
  mutating func checkDiscard(of keyName: String) {
    if keyName == wrongKeyName { return }
    violate("the results of \(keyName) are discarded, whose workers compute right")
  }

  /// Checks that another key has confirmed the front, unless the coordinator said none can.
  mutating func checkFrontIsConfirmed(of machine: Coordinator) {
    guard keys != nil, run.settings.spotChecks.share > 0, !isFrontUnrepeated else { return }
    for individual in machine.front where !journal.confirmed.contains(individual.id) {
      let names = journal.keyNames(of: individual.id)
      if names.contains(where: { $0 != run.settings.spotChecks.trustedKey }) {
        violate("\(individual.id) is on the front, and no other key has confirmed it")
      }
    }
  }

  /// The workers whose results differ, if their key is still trusted.
  var deviantCandidates: Set<CandidateID> {
    plan.hasWrongWorker ? journal.touched(by: wrongLabel) : []
  }
}
