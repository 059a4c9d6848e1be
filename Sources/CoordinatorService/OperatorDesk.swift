import Coordination
import Foundation
import Glibc
import RunStorage
import WireProtocol

/// Answers operators: gathers what the machine, the sessions and the disk know into a status.
struct OperatorDesk {
  private let directory: RunDirectory
  private var rate = EvaluationRate()
  private var departures: [(at: Instant, entry: Departure)] = []
  private var unknownPeers = UnknownPeers()
  private var quarantined: [QuarantinedCandidate] = []
  private var storageWords = ""

  /// Creates the desk of a run.
  init(of directory: RunDirectory) {
    self.directory = directory
  }

  /// Takes up what people should know.
  mutating func take(_ note: Coordinator.Note, at now: Instant) {
    switch note {
    case .workerLeft(_, let label, let farewell):
      part(.left, label: label, words: farewell.words, at: now)
    case .workerLost(_, let label, _, let words):
      part(.lost, label: label, words: words, at: now)
    case .workerRefused(_, let label, _, let words):
      part(.refused, label: label, words: words, at: now)
    case .candidateQuarantined(let candidate, let words):
      quarantined.append(QuarantinedCandidate(candidate: candidate.rawValue, words: words))
      if quarantined.count > RunStatus.quarantinedCountMax { quarantined.removeFirst() }
    case .storageFailing(let words): storageWords = words
    case .storageRecovered: storageWords = ""
    default: break
    }
  }

  private mutating func part(
    _ kind: Departure.Kind, label: String, words: String, at now: Instant
  ) {
    departures.append(
      (now, Departure(kind: kind, label: label, words: words, millisecondsAgo: 0)))
    if departures.count > RunStatus.departureCountMax { departures.removeFirst() }
  }

  /// Takes note of an address from which something came that is no worker's and no operator's;
  /// returns whether people should hear of it.
  mutating func meet(_ address: String, reason: String, at now: Instant) -> Bool {
    unknownPeers.add(address, reason: reason, at: now)
  }

  /// Observes how fast evaluations come.
  mutating func observe(_ machine: Coordinator, at now: Instant) {
    rate.observe(
      evaluationCount: machine.search.evaluationCount, isWorking: machine.isWorking, at: now)
  }

  /// Returns how long the rest of the run takes, if that can be told.
  func timeLeft(of machine: Coordinator) -> Duration? {
    let count = machine.settings.search.evaluationCountMax - machine.search.evaluationCount
    return rate.timeLeft(forEvaluations: count)
  }

  /// Returns how the run is doing.
  func status(
    of machine: Coordinator, watch: SessionWatch, transport: TransportCounters,
    workerCountMax: Int, at now: Instant
  ) -> RunStatus {
    let progress = machine.progress
    var status = RunStatus()
    status.evaluationCount = progress.evaluationCount
    status.evaluationCountMax = progress.evaluationCountMax
    status.birthCount = progress.birthCount
    status.pendingShardCount = progress.pendingShardCount
    status.leasedShardCount = progress.leasedShardCount
    status.waitingRecordCount = progress.waitingRecordCount
    status.slotCount = progress.slotCount
    status.frontCount = progress.frontCount
    status.hypervolume = progress.hypervolume
    status.referencePoint = progress.referencePoint
    status.isStorageFailing = progress.isStorageFailing
    status.storageWords = progress.isStorageFailing ? storageWords : ""
    status.isDraining = progress.isDraining
    status.isFinished = progress.isFinished
    status.uptimeMilliseconds = (now - .start).wholeMilliseconds
    status.evaluationsPerSecond = rate.perSecond
    status.remainingMilliseconds = timeLeft(of: machine)?.wholeMilliseconds
    status.numerics = progress.numerics?.description ?? ""
    status.bankArithmetic = machine.settings.description.bankArithmetic ?? ""
    status.applicantCount = progress.applicantCount
    status.epoch = progress.epoch
    status.departures = departures.map { at, entry in
      var entry = entry
      entry.millisecondsAgo = (now - at).wholeMilliseconds
      return entry
    }
    status.unknownPeers = unknownPeers.latest(RunStatus.unknownPeerCountMax, at: now)
    let disk = DiskUse(of: directory)
    status.journalBytes = disk.journalBytes
    status.freeDiskBytes = disk.freeBytes
    status.workerCount = progress.workerCount
    status.workers = workers(machine, watch, countMax: workerCountMax, at: now)
    status.quarantinedCount = progress.quarantinedCount
    status.quarantined = quarantined
    status.counters = Self.counters(progress.counters, transport)
    return status
  }

  private func workers(
    _ machine: Coordinator, _ watch: SessionWatch, countMax: Int, at now: Instant
  ) -> [WorkerStatus] {
    let named = watch.entries.sorted { ($0.value.label, $0.key) < ($1.value.label, $1.key) }
    return named.prefix(max(0, countMax)).map { worker, entry in
      let burden = machine.burden(of: worker)
      let seconds = Double(entry.evaluationMicroseconds) / 1e6
      return WorkerStatus(
        label: entry.label, session: "\(worker)", slots: burden.slots, leases: burden.leases,
        results: entry.resultCount,
        imagesPerSecond: seconds > 0 ? Double(entry.imageCount) / seconds : 0,
        silentMilliseconds: (now - entry.heardAt).wholeMilliseconds,
        imagesDone: burden.imagesDone, imagesLeased: burden.imagesLeased,
        keyName: burden.keyName)
    }
  }

  private static func counters(
    _ counters: CoordinatorCounters, _ transport: TransportCounters
  ) -> [StatusCounter] {
    [
      StatusCounter("results", counters.results), StatusCounter("images", counters.images),
      StatusCounter("leases", counters.leases),
      StatusCounter("lapsedLeases", counters.lapsedLeases),
      StatusCounter("adoptedLeases", counters.adoptedLeases),
      StatusCounter("lateResults", counters.lateResults),
      StatusCounter("duplicateResults", counters.duplicateResults),
      StatusCounter("disagreements", counters.disagreements),
      StatusCounter("spotCheckLeases", counters.spotCheckLeases),
      StatusCounter("confirmedShards", counters.confirmedShards),
      StatusCounter("recalledResults", counters.recalledResults),
      StatusCounter("failedEvaluations", counters.failedEvaluations),
      StatusCounter("lostWorkers", counters.lostWorkers),
      StatusCounter("refusedWorkers", counters.refusedWorkers),
      StatusCounter("malformedFrames", counters.malformedFrames),
      StatusCounter("unknownMessages", counters.unknownMessages),
      StatusCounter("strayMessages", counters.strayMessages),
      StatusCounter("unleasedResults", counters.unleasedResults),
      StatusCounter("failedWrites", counters.failedWrites),
      StatusCounter("refusedConnections", transport.refusedConnections),
      StatusCounter("failedHandshakes", transport.failedHandshakes),
      StatusCounter("failedAccepts", transport.failedAccepts),
      StatusCounter("revokedKeyMessages", transport.notAllowed),
      StatusCounter("turnedAwayWorkers", transport.turnedAway),
      StatusCounter("refusedMessages", transport.refusedMessages),
      StatusCounter("endedConnections", transport.endedConnections),
      StatusCounter("mismatchedKeyMessages", transport.mismatchedKeys),
      StatusCounter("lostMessages", transport.full),
    ]
  }
}

/// How much room a run takes and has.
public struct DiskUse: Hashable, Sendable {
  /// The size of the journal with its write-ahead log.
  public let journalBytes: Int
  /// The room left on its disk for this user.
  public let freeBytes: Int

  /// Looks at the disk of a run.
  public init(of directory: RunDirectory) {
    journalBytes = ["", "-wal"].reduce(0) { sum, suffix in
      var status = stat()
      return unsafe stat(directory.journalPath + suffix, &status) == 0
        ? sum + Int(status.st_size) : sum
    }
    var statistics = statvfs()
    freeBytes =
      unsafe statvfs(directory.path, &statistics) == 0
      ? Int(statistics.f_bavail) * Int(statistics.f_frsize) : 0
  }
}

extension Duration {
  /// The duration in whole milliseconds, at least zero.
  var wholeMilliseconds: Int { max(0, Int(self / .milliseconds(1))) }
}
