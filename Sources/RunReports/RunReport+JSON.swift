import Foundation
import SparsityCore
import WireProtocol

/// The names are those of the JSON, which scripts rely on.
extension RunReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case state, preparing, notAnsweringSince, holder, runDirectory, runFile, addresses
    case evaluations, evaluationsMax, evaluationsSaved, front, hypervolume, referencePoint,
      quarantined,
      quarantinedList
    case numerics, bankArithmetic
    case journalBytes, freeDiskBytes
    case restarts, uptimeSeconds, evaluationsPerSecond, secondsLeft, proposals
    case pendingShards, leasedShards, waitingRecords, waitingWorkers, workers, slots, workerList
    case departed, unknownPeers, pausedBecause, counters
  }

  /// Writes what is known.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(state, forKey: .state)
    try values.encodeIfPresent(preparing, forKey: .preparing)
    try values.encodeIfPresent(notAnsweringSince?.ISO8601Format(), forKey: .notAnsweringSince)
    try values.encodeIfPresent(holder, forKey: .holder)
    try values.encodeIfPresent(runDirectory, forKey: .runDirectory)
    try values.encodeIfPresent(runFile, forKey: .runFile)
    try values.encodeIfPresent(addresses, forKey: .addresses)

    try values.encode(progress.evaluationCount, forKey: .evaluations)
    try values.encode(progress.evaluationCountMax, forKey: .evaluationsMax)
    if progress.savedEvaluationCount > 0 {
      try values.encode(progress.savedEvaluationCount, forKey: .evaluationsSaved)
    }
    try values.encode(progress.frontCount, forKey: .front)
    try values.encode(progress.hypervolume, forKey: .hypervolume)
    if !progress.objectives.isEmpty {
      let point = zip(progress.objectives, progress.referencePoint).map { objective, value in
        (objective.rawValue, objective.natural(value))
      }
      try values.encode(Dictionary(point) { first, _ in first }, forKey: .referencePoint)
    }
    try values.encode(progress.quarantinedCount, forKey: .quarantined)
    try values.encode(progress.quarantined, forKey: .quarantinedList)
    try values.encodeIfPresent(progress.numerics, forKey: .numerics)
    try values.encodeIfPresent(progress.bankArithmetic, forKey: .bankArithmetic)
    try values.encode(disk.journalBytes, forKey: .journalBytes)
    try values.encode(disk.freeBytes, forKey: .freeDiskBytes)

    guard let activity else { return }
    try values.encode(activity.restartCount, forKey: .restarts)
    try values.encode(activity.uptimeSeconds, forKey: .uptimeSeconds)
    try values.encode(activity.evaluationsPerSecond, forKey: .evaluationsPerSecond)
    try values.encodeIfPresent(activity.secondsLeft, forKey: .secondsLeft)
    try values.encode(activity.proposalCount, forKey: .proposals)
    try values.encode(activity.pendingShardCount, forKey: .pendingShards)
    try values.encode(activity.leasedShardCount, forKey: .leasedShards)
    try values.encode(activity.waitingRecordCount, forKey: .waitingRecords)
    if activity.applicantCount > 0 {
      try values.encode(activity.applicantCount, forKey: .waitingWorkers)
    }
    try values.encode(activity.workerCount, forKey: .workers)
    try values.encode(activity.slotCount, forKey: .slots)
    try values.encode(activity.workers, forKey: .workerList)
    try values.encode(activity.departures, forKey: .departed)
    try values.encode(activity.unknownPeers, forKey: .unknownPeers)
    if activity.isStorageFailing {
      try values.encode(activity.storageDiagnostic, forKey: .pausedBecause)
    }
    let counts = CoordinatorActivity.countNames.map { ($0.name, activity[keyPath: $0.path]) }
    try values.encode(
      Dictionary(counts) { first, _ in first }, forKey: .counters)
  }
}

extension CoordinatorActivity {
  /// How often the coordinator was started again.
  var restartCount: Int { max(0, Int(term.rawValue) - 1) }
  /// How long it has been running.
  var uptimeSeconds: Double { Double(uptimeMilliseconds) / 1_000 }
  /// How long the rest of the evaluations takes, if that can be told.
  package var secondsLeft: Double? { remainingMilliseconds.map { Double($0) / 1_000 } }
}

extension WorkerStatus: Encodable {
  private enum CodingKeys: String, CodingKey {
    case label, session, slots, leases, results, imagesPerSecond, silentSeconds
    case imagesDone, imagesLeased, key
  }

  /// How long nothing was heard of the worker.
  var silentSeconds: Double { Double(silentMilliseconds) / 1_000 }

  /// Writes the worker; one without encryption has no key.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(label, forKey: .label)
    try values.encode(session, forKey: .session)
    try values.encode(slots, forKey: .slots)
    try values.encode(leases, forKey: .leases)
    try values.encode(results, forKey: .results)
    try values.encode(imagesPerSecond, forKey: .imagesPerSecond)
    try values.encode(silentSeconds, forKey: .silentSeconds)
    try values.encode(imagesDone, forKey: .imagesDone)
    try values.encode(imagesLeased, forKey: .imagesLeased)
    if !keyName.isEmpty { try values.encode(keyName, forKey: .key) }
  }
}

extension Departure: Encodable {
  private enum CodingKeys: String, CodingKey { case label, how, reason, secondsAgo }

  /// How long ago it was.
  var secondsAgo: Double { Double(millisecondsAgo) / 1_000 }

  /// Writes the departure.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(label, forKey: .label)
    try values.encode("\(kind)", forKey: .how)
    try values.encode(diagnostic, forKey: .reason)
    try values.encode(secondsAgo, forKey: .secondsAgo)
  }
}

extension UnknownPeer: Encodable {
  private enum CodingKeys: String, CodingKey { case address, reason, count, secondsAgo }

  /// How long ago the last of it was.
  var secondsAgo: Double { Double(millisecondsAgo) / 1_000 }

  /// Writes the peer.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(address, forKey: .address)
    try values.encode(diagnostic, forKey: .reason)
    try values.encode(count, forKey: .count)
    try values.encode(secondsAgo, forKey: .secondsAgo)
  }
}

extension QuarantinedCandidate: Encodable {
  private enum CodingKeys: String, CodingKey { case candidate, reason }

  /// Writes the candidate.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(candidate, forKey: .candidate)
    try values.encode(diagnostic, forKey: .reason)
  }
}
