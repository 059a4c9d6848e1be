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

  /// The name of the key that a session has shown, or `nil` without encryption.
  func keyName(of worker: WorkerID) -> String? {
    guard let keys else { return nil }
    guard let place = places[worker] else { return "forger" }
    if place == auditorPlace { return run.settings.spotChecks.trustedKey }
    if workers[place].isWrong { return wrongKeyName }
    if place == 0, keys.hasTrustedWorker { return run.settings.spotChecks.trustedKey }
    return "key-\(place % keys.count)"
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
