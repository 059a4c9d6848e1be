import Coordination
import RunStorage
import WireProtocol

/// Answers operators: gathers what the machine, the sessions and the disk know into a status.
struct OperatorHandler {
  private let directory: RunDirectory
  private var rate = EvaluationRate()
  private var departures: [(at: Instant, entry: Departure)] = []
  private var quarantined: [QuarantinedCandidate] = []
  private var storageDiagnostic = ""

  init(of directory: RunDirectory) {
    self.directory = directory
  }

  /// Takes up what users should know.
  mutating func take(_ notification: Coordinator.Notification, at now: Instant) {
    switch notification {
    case .workerLeft(_, let label, let farewell):
      part(.left, label: label, diagnostic: farewell.diagnostic, at: now)
    case .workerLost(_, let label, _, let diagnostic):
      part(.lost, label: label, diagnostic: diagnostic, at: now)
    case .workerRefused(_, let label, _, let diagnostic):
      part(.refused, label: label, diagnostic: diagnostic, at: now)
    case .candidateQuarantined(let candidate, let diagnostic):
      quarantined.append(
        QuarantinedCandidate(candidate: candidate.rawValue, diagnostic: diagnostic))
      if quarantined.count > RunStatus.quarantinedCountMax { quarantined.removeFirst() }
    case .storageFailing(let diagnostic): storageDiagnostic = diagnostic
    case .storageRecovered: storageDiagnostic = ""
    default: break
    }
  }

  private mutating func part(
    _ kind: Departure.Kind, label: String, diagnostic: String, at now: Instant
  ) {
    departures.append(
      (now, Departure(kind: kind, label: label, diagnostic: diagnostic, millisecondsAgo: 0)))
    if departures.count > RunStatus.departureCountMax { departures.removeFirst() }
  }

  /// Observes how fast evaluations come.
  mutating func observe(_ machine: Coordinator, at now: Instant) {
    rate.observe(
      evaluationCount: machine.spentEvaluationCount, isWorking: machine.isWorking, at: now)
  }

  /// Returns how long the rest of the run takes, if that can be told.
  private func timeLeft(of machine: Coordinator) -> Duration? {
    let count = machine.settings.search.evaluationCountMax - machine.spentEvaluationCount
    return rate.timeLeft(forEvaluations: count)
  }

  /// Returns how the run is doing, without the workers one by one and the room on the disk.
  func status(
    of reception: Reception, transport: TransportCounters, at now: Instant
  ) -> RunStatus {
    let machine = reception.coordinator
    var status = machine.status
    status.progress.quarantined = quarantined
    status.activity.uptimeMilliseconds = (now - .start).wholeMilliseconds
    status.activity.evaluationsPerSecond = rate.perSecond
    status.activity.remainingMilliseconds = timeLeft(of: machine)?.wholeMilliseconds
    status.activity.storageDiagnostic = status.activity.isStorageFailing ? storageDiagnostic : ""
    status.activity.departures = departures.map { at, entry in
      var entry = entry
      entry.millisecondsAgo = (now - at).wholeMilliseconds
      return entry
    }
    status.activity.unknownPeers = reception.unknownPeers.latest(
      RunStatus.unknownPeerCountMax, at: now)
    status.activity.transport = transport
    return status
  }

  /// Returns how the run is doing, with so many workers at most.
  func status(
    of reception: Reception, transport: TransportCounters, workerCountMax: Int, at now: Instant
  ) -> RunStatus {
    var status = status(of: reception, transport: transport, at: now)
    status.activity.workers = workers(
      reception.coordinator, reception.sessions, countMax: workerCountMax, at: now)
    status.disk = DiskUse(of: directory)
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
}

extension Duration {
  /// The duration in whole milliseconds, at least zero.
  var wholeMilliseconds: Int { max(0, Int(self / .milliseconds(1))) }
}
