import CoordinatorService
import Foundation
import RunStorage
import SparsityCore
import WireProtocol

/// How a run is doing, as `elsa status` shows it; its names are the fields of the JSON.
struct RunReport: Encodable {
  /// What a run is doing.
  enum State: String, Encodable {
    /// A coordinator prepares the run and cannot be reached yet.
    case preparing
    /// A coordinator works.
    case running
    /// A coordinator waits for room on the disk.
    case paused
    /// A coordinator waits for its workers to leave.
    case draining
    /// A coordinator holds the run and does not answer.
    case notAnswering
    /// No coordinator works, and evaluations are left.
    case stopped
    /// All evaluations are done.
    case finished
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
    /// The images that are done in the shards that it runs, and those of these shards.
    let imagesDone: Int
    let imagesLeased: Int
    /// The name of the key that has opened the session; absent without encryption.
    let key: String?
  }

  /// A candidate that was given up.
  struct Quarantined: Encodable {
    let candidate: Int
    let words: String
  }

  var state: State
  /// Why the run is paused.
  var pausedBecause: String?
  /// How far the preparation is.
  var preparing: Preparing?
  /// When a coordinator that does not answer was last heard, in ISO 8601.
  var notAnsweringSince: String?
  /// Who holds the run, if it does not answer.
  var holder: String?
  /// The run directory, where it is known.
  var runDirectory: String?
  /// The run file, with every default written out.
  var runFile: String?
  /// Where the coordinator listens.
  var addresses: [String]?
  /// The arithmetic of results, once it is known.
  var numerics: String?
  /// The arithmetic that the weights were calibrated in, if they were.
  var bankArithmetic: String?
  /// How often the coordinator was started again.
  var restarts: Int?
  /// Workers that wait until the arithmetic is chosen.
  var waitingWorkers: Int?
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
  var departed: [Departed]?
  var unknownPeers: [UnknownPeer]?
  var counters: [String: Int]?
  var journalBytes: Int
  var freeDiskBytes: Int

  /// Creates the report of a coordinator that works.
  init(_ status: RunStatus) {
    state =
      status.isFinished
      ? .finished : status.isStorageFailing ? .paused : status.isDraining ? .draining : .running
    pausedBecause = status.isStorageFailing ? status.storageWords : nil
    evaluations = status.evaluationCount
    evaluationsMax = status.evaluationCountMax
    evaluationsPerSecond = status.evaluationsPerSecond
    secondsLeft = status.remainingMilliseconds.map { Double($0) / 1_000 }
    numerics = status.numerics.isEmpty ? nil : status.numerics
    bankArithmetic = status.bankArithmetic.isEmpty ? nil : status.bankArithmetic
    restarts = max(0, Int(status.epoch.rawValue) - 1)
    waitingWorkers = status.applicantCount > 0 ? status.applicantCount : nil
    departed = status.departures.map(Departed.init)
    unknownPeers = status.unknownPeers.map(UnknownPeer.init)
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
        silentSeconds: Double(worker.silentMilliseconds) / 1_000,
        imagesDone: worker.imagesDone, imagesLeased: worker.imagesLeased,
        key: worker.keyName.isEmpty ? nil : worker.keyName)
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

  /// Creates the report of a run whose coordinator does not answer.
  ///
  /// - Throws: what keeps the journal from being read, if nobody is at work there.
  init(_ silence: Silence, in directory: RunDirectory) throws {
    guard !silence.isAbsent else {
      self = try RunReport(journalOf: directory)
      return
    }
    // The run may have no journal yet.
    self = (try? RunReport(journalOf: directory)) ?? RunReport(since: nil)
    switch silence {
    case .preparing(let preparing):
      state = .preparing
      self.preparing = preparing
    case .notAnswering(let since, let holder):
      state = .notAnswering
      notAnsweringSince = since?.ISO8601Format()
      self.holder = holder
    case .absent: break
    }
    runDirectory = directory.path
    runFile = directory.holdsRun ? directory.runFile : nil
  }

  /// Creates the report of a coordinator of which nothing is known but that it does not answer.
  init(since: Date?) {
    state = .notAnswering
    notAnsweringSince = since?.ISO8601Format()
    evaluations = 0
    evaluationsMax = 0
    front = 0
    hypervolume = 0
    quarantined = 0
    quarantinedList = []
    journalBytes = 0
    freeDiskBytes = 0
  }

  /// Creates the report of a run whose coordinator does not work, from its journal.
  init(journalOf directory: RunDirectory) throws {
    let journaled = try JournaledFront(directory: directory)
    let report = journaled.front
    runDirectory = directory.path
    runFile = directory.runFile
    numerics = journaled.description.numerics.description
    bankArithmetic = journaled.description.bankArithmetic
    evaluations = report.evaluations
    evaluationsMax = try PreparedRun.read(directory.runFile).search.evaluations
    state = evaluations + report.quarantined.count >= evaluationsMax ? .finished : .stopped
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
    if state == .preparing, evaluationsMax == 0 { return ["state        \(stateWords)"] }
    if let secondsLeft, state == .running {
      progress += ", \(NumberFormat.time(secondsLeft)) left"
    }
    var lines = ["state        \(stateWords)"] + identityLines
    if evaluationsMax > 0 { lines.append("evaluations  \(progress)") }
    lines.append(
      "front        \(counted(front, "member")), hypervolume \(NumberFormat.short(hypervolume))")
    if let workers, let slots, let leasedShards, let pendingShards {
      lines.append(
        "workers      \(workers) with \(counted(slots, "slot")); "
          + "\(counted(leasedShards, "shard")) leased, "
          + "\(pendingShards) waiting")
    }
    lines.append("quarantined  \(counted(quarantined, "candidate"))")
    lines += quarantinedList.suffix(5).map { "  candidate \($0.candidate): \($0.words)" }
    if let counters { lines += Self.lines(of: counters) }
    lines += (departed ?? []).suffix(5).map { entry in
      "  \(entry.label) \(entry.how == "left" ? "has left" : "was \(entry.how)") "
        + "\(NumberFormat.time(entry.secondsAgo)) ago: \(entry.words)"
    }
    lines += (unknownPeers ?? []).suffix(5).map { entry in
      "  unknown peer \(entry.address), \(entry.count) times, the last "
        + "\(NumberFormat.time(entry.secondsAgo)) ago: \(entry.words)"
    }
    lines.append(
      "disk         journal \(NumberFormat.bytes(journalBytes)), "
        + "\(NumberFormat.bytes(freeDiskBytes)) free")
    guard let workerList, !workerList.isEmpty else { return lines }
    return lines + [""] + table(of: workerList)
  }

  /// What the run is and where.
  private var identityLines: [String] {
    var lines: [String] = []
    if let runFile { lines.append("run file     \(runFile)") }
    if let addresses { lines.append("addresses    \(addresses.joined(separator: ", "))") }
    if let numerics {
      lines.append(
        "numerics     \(numerics)"
          + (bankArithmetic.map { ", weights calibrated in \($0)" } ?? ""))
    }
    if let restarts, restarts > 0 { lines.append("restarts     \(restarts)") }
    return lines
  }

  private var stateWords: String {
    switch state {
    case .preparing: preparing?.words ?? "preparing"
    case .notAnswering:
      "not answering" + (notAnsweringSince.map { " since \($0)" } ?? "")
        + (holder.map { "; the run is held by \($0)" } ?? "")
    case .running:
      "running for \(NumberFormat.time(uptimeSeconds ?? 0))" + idlenessWords
    case .paused: "PAUSED: \(pausedBecause ?? "the journal cannot be written")"
    case .draining: "draining: no new leases, the coordinator ends when its workers have left"
    case .stopped:
      "stopped; go on with: elsa coordinator --run-directory \(runDirectory ?? "DIR") --resume"
    case .finished: "finished"
    }
  }

  /// Why a run that is running does not get on.
  private var idlenessWords: String {
    if numerics == nil {
      return "; it waits for workers to choose its arithmetic (\(waitingWorkers ?? 0) so far)"
    }
    return workers == 0 ? "; no worker is there" : ""
  }

  private static func lines(of counters: [String: Int]) -> [String] {
    func count(_ name: String) -> Int { counters[name] ?? 0 }
    func some(_ name: String, _ noun: String) -> String { counted(count(name), noun) }
    var lines = [
      "failures     \(some("lostWorkers", "worker")) lost, \(some("lapsedLeases", "lease")) "
        + "lapsed, \(some("failedEvaluations", "evaluation")) failed, "
        + "\(some("failedWrites", "write")) failed"
    ]
    let unknown =
      count("refusedConnections") + count("failedHandshakes") + count("revokedKeyMessages")
      + count("mismatchedKeyMessages")
    lines.append(
      "refused      \(some("refusedWorkers", "worker")), \(counted(unknown, "unknown peer")), "
        + some("malformedFrames", "malformed frame"))
    if count("disagreements") > 0 {
      lines.append("SICK NODE    \(some("disagreements", "result")) unlike earlier ones")
    }
    return lines
  }

  private func table(of workers: [Worker]) -> [String] {
    var table = TextTable([
      ("worker", .left), ("key", .left), ("slots", .right), ("leases", .right), ("results", .right),
      ("images/s a slot", .right), ("running", .right), ("last heard", .right),
    ])
    for worker in workers {
      table.append([
        worker.label, worker.key ?? "", "\(worker.slots)", "\(worker.leases)", "\(worker.results)",
        NumberFormat.fixed(worker.imagesPerSecond, 1),
        worker.imagesLeased > 0 ? "\(worker.imagesDone)/\(worker.imagesLeased) images" : "",
        "\(NumberFormat.fixed(worker.silentSeconds, 1)) s ago",
      ])
    }
    return table.lines
  }
}
