import CoordinatorService
import RunStorage
import SparsityCore
import WireProtocol

/// How a run is doing, as `elsa status` shows it; its names are the fields of the JSON.
struct RunReport: Encodable {
  /// What a run is doing.
  enum State: String, Encodable {
    /// A coordinator works.
    case running
    /// A coordinator waits for room on the disk.
    case paused
    /// A coordinator waits for its workers to leave.
    case draining
    /// No coordinator works, and evaluations are left.
    case stopped
    /// All evaluations are done.
    case complete
  }

  /// A worker.
  struct Worker: Encodable {
    let label: String
    let session: String
    let slots: Int
    let leases: Int
    let results: Int
    let imagesPerSecond: Double
    let silentSeconds: Double
  }

  /// A candidate that was given up.
  struct Quarantined: Encodable {
    let candidate: Int
    let words: String
  }

  var state: State
  /// Why the run is paused.
  var pausedBecause: String?
  var evaluations: Int
  var evaluationsMax: Int
  var evaluationsPerSecond: Double?
  var secondsLeft: Double?
  var uptimeSeconds: Double?
  var births: Int?
  var pendingShards: Int?
  var leasedShards: Int?
  var waitingRecords: Int?
  var workers: Int?
  var slots: Int?
  var workerList: [Worker]?
  var front: Int
  var hypervolume: Double
  var quarantined: Int
  var quarantinedList: [Quarantined]
  var counters: [String: Int]?
  var journalBytes: Int
  var freeDiskBytes: Int

  /// Creates the report of a coordinator that works.
  init(_ status: RunStatus) {
    state =
      status.isFinished
      ? .complete : status.isStorageFailing ? .paused : status.isDraining ? .draining : .running
    pausedBecause = status.isStorageFailing ? status.storageWords : nil
    evaluations = status.evaluationCount
    evaluationsMax = status.evaluationCountMax
    evaluationsPerSecond = status.evaluationsPerSecond
    let left = status.evaluationCountMax - status.evaluationCount
    secondsLeft =
      status.evaluationsPerSecond > 0 ? Double(left) / status.evaluationsPerSecond : nil
    uptimeSeconds = Double(status.uptimeMilliseconds) / 1_000
    births = status.birthCount
    pendingShards = status.pendingShardCount
    leasedShards = status.leasedShardCount
    waitingRecords = status.waitingRecordCount
    workers = status.workerCount
    slots = status.slotCount
    workerList = status.workers.map { worker in
      Worker(
        label: worker.label, session: worker.session, slots: worker.slots, leases: worker.leases,
        results: worker.results, imagesPerSecond: worker.imagesPerSecond,
        silentSeconds: Double(worker.silentMilliseconds) / 1_000)
    }
    front = status.frontCount
    hypervolume = status.hypervolume
    quarantined = status.quarantinedCount
    quarantinedList = status.quarantined.map {
      Quarantined(candidate: $0.candidate, words: $0.words)
    }
    counters = Dictionary(status.counters.map { ($0.name, $0.count) }) { first, _ in first }
    journalBytes = status.journalBytes
    freeDiskBytes = status.freeDiskBytes
  }

  /// Creates the report of a run whose coordinator does not work, from its journal.
  init(journalOf directory: RunDirectory) throws {
    let report = try JournaledFront(directory: directory).front
    evaluations = report.evaluations
    evaluationsMax = try PreparedRun.read(directory.runFile).search.evaluations
    state = evaluations + report.quarantined.count >= evaluationsMax ? .complete : .stopped
    front = report.points.count
    hypervolume = report.hypervolume
    quarantined = report.quarantined.count
    quarantinedList = report.quarantined.map {
      Quarantined(candidate: $0.candidate, words: $0.reason)
    }
    let disk = DiskUse(of: directory)
    journalBytes = disk.journalBytes
    freeDiskBytes = disk.freeBytes
  }
}

extension RunReport {
  /// The report as lines for people.
  var lines: [String] {
    let share = evaluationsMax > 0 ? Double(evaluations) / Double(evaluationsMax) : 0
    var progress = "\(evaluations) of \(evaluationsMax) (\(NumberFormat.percent(share)))"
    if let evaluationsPerSecond {
      progress += ", \(NumberFormat.fixed(evaluationsPerSecond, 2))/s"
    }
    if let secondsLeft, state == .running {
      progress += ", \(NumberFormat.time(secondsLeft)) left"
    }
    var lines = ["state        \(stateWords)", "evaluations  \(progress)"]
    lines.append(
      "front        \(counted(front, "member")), hypervolume \(NumberFormat.short(hypervolume))")
    if let workers, let slots, let leasedShards, let pendingShards {
      lines.append(
        "workers      \(workers) with \(counted(slots, "slot")); "
          + "\(counted(leasedShards, "shard")) leased, "
          + "\(pendingShards) waiting")
    }
    lines.append("given up     \(counted(quarantined, "candidate"))")
    lines += quarantinedList.suffix(5).map { "  candidate \($0.candidate): \($0.words)" }
    if let counters { lines += Self.lines(of: counters) }
    lines.append(
      "disk         journal \(NumberFormat.bytes(journalBytes)), "
        + "\(NumberFormat.bytes(freeDiskBytes)) free")
    guard let workerList, !workerList.isEmpty else { return lines }
    return lines + [""] + table(of: workerList)
  }

  private var stateWords: String {
    switch state {
    case .running:
      "running for \(NumberFormat.time(uptimeSeconds ?? 0))"
    case .paused: "PAUSED: \(pausedBecause ?? "the journal cannot be written")"
    case .draining: "draining: no new leases, the coordinator ends when its workers have left"
    case .stopped: "stopped; go on with: elsa coordinator --run-directory DIR --resume"
    case .complete: "complete"
    }
  }

  private static func lines(of counters: [String: Int]) -> [String] {
    func count(_ name: String) -> Int { counters[name] ?? 0 }
    func some(_ name: String, _ noun: String) -> String { counted(count(name), noun) }
    var lines = [
      "failures     \(some("lostWorkers", "worker")) lost, \(some("lapsedLeases", "lease")) "
        + "lapsed, \(some("failedEvaluations", "evaluation")) failed, "
        + "\(some("failedWrites", "write")) failed"
    ]
    let strangers =
      count("refusedConnections") + count("failedHandshakes") + count("revokedKeyMessages")
      + count("mismatchedKeyMessages")
    lines.append(
      "refused      \(some("refusedWorkers", "worker")), \(counted(strangers, "stranger")), "
        + some("malformedFrames", "malformed frame"))
    if count("disagreements") > 0 {
      lines.append("SICK NODE    \(some("disagreements", "result")) unlike earlier ones")
    }
    return lines
  }

  private func table(of workers: [Worker]) -> [String] {
    var table = TextTable([
      ("worker", .left), ("slots", .right), ("leases", .right), ("results", .right),
      ("images/s a slot", .right), ("last heard", .right),
    ])
    for worker in workers {
      table.append([
        worker.label, "\(worker.slots)", "\(worker.leases)", "\(worker.results)",
        NumberFormat.fixed(worker.imagesPerSecond, 1),
        "\(NumberFormat.fixed(worker.silentSeconds, 1)) s ago",
      ])
    }
    return table.lines
  }
}
