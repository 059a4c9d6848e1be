import Foundation
import SparsityCore
import TextReports
import WireProtocol

extension RunReport {
  /// The report as lines for users.
  package var lines: [String] {
    if state == .preparing, progress.evaluationCountMax == 0 {
      return ["state        \(stateText)"]
    }
    var lines = ["state        \(stateText)"] + identityLines
    if progress.evaluationCountMax > 0 { lines.append("evaluations  \(evaluationText)") }
    lines.append(
      "front        \(counted(progress.frontCount, "member")), hypervolume "
        + NumberFormat.short(progress.hypervolume) + referenceText)
    if let activity {
      lines.append(
        "workers      \(activity.workerCount) with \(counted(activity.slotCount, "slot")); "
          + "\(counted(activity.leasedShardCount, "shard")) leased, "
          + "\(activity.pendingShardCount) waiting")
    }
    lines.append("quarantined  \(counted(progress.quarantinedCount, "candidate"))")
    lines += progress.quarantined.suffix(5).map { "  candidate \($0.candidate): \($0.diagnostic)" }
    if let activity { lines += Self.troubleLines(of: activity) }
    lines.append(
      "disk         journal \(NumberFormat.bytes(disk.journalBytes)), "
        + "\(NumberFormat.bytes(disk.freeBytes)) free")
    guard let activity, !activity.workers.isEmpty else { return lines }
    return lines + [""] + table(of: activity.workers)
  }

  /// Up to where the hypervolume is measured, if that is known.
  private var referenceText: String {
    let point = zip(progress.objectives, progress.referencePoint)
    guard !progress.objectives.isEmpty, progress.objectives.count == progress.referencePoint.count
    else { return "" }
    let values = point.map { "\($0.rawValue) \(NumberFormat.short($0.natural($1)))" }
    return " (reference point \(values.joined(separator: ", ")))"
  }

  private var evaluationText: String {
    let (done, total) = (progress.spentEvaluationCount, progress.evaluationCountMax)
    var diagnostic = "\(done) of \(total) (\(NumberFormat.percent(Double(done) / Double(total))))"
    if let savings = progress.savings { diagnostic += ", \(savings)" }
    if let activity { diagnostic += ", \(NumberFormat.fixed(activity.evaluationsPerSecond, 2))/s" }
    if let secondsLeft = activity?.secondsLeft, state == .running {
      diagnostic += ", \(NumberFormat.time(secondsLeft)) left"
    }
    return diagnostic
  }

  /// What the run is and where.
  private var identityLines: [String] {
    var lines: [String] = []
    if let runFile { lines.append("run file     \(runFile)") }
    if let addresses { lines.append("addresses    \(addresses.joined(separator: ", "))") }
    if let numerics = progress.numerics {
      lines.append(
        "numerics     \(numerics)"
          + (progress.bankArithmetic.map { ", weights calibrated in \($0)" } ?? ""))
    }
    if let restarts = activity?.restartCount, restarts > 0 {
      lines.append("restarts     \(restarts)")
    }
    return lines
  }

  private var stateText: String {
    switch state {
    case .preparing: preparing?.diagnostic ?? "preparing"
    case .notAnswering:
      "not answering" + (notAnsweringSince.map { " since \($0.ISO8601Format())" } ?? "")
        + (holder.map { "; the run is held by \($0)" } ?? "")
    case .running:
      "running for \(NumberFormat.time(activity?.uptimeSeconds ?? 0))" + idlenessText
    case .paused: "PAUSED: \(activity?.storageDiagnostic ?? "the journal cannot be written")"
    case .draining: "draining: no new leases, the coordinator ends when its workers have left"
    case .stopped:
      "stopped; go on with: elsa coordinator --run-directory \(runDirectory ?? "DIR") --resume"
    case .finished: "finished"
    }
  }

  /// Why a run that is running does not get on.
  private var idlenessText: String {
    if progress.numerics == nil {
      return "; it waits for workers to choose its arithmetic "
        + "(\(activity?.applicantCount ?? 0) so far)"
    }
    return activity?.workerCount == 0 ? "; no worker is there" : ""
  }

  /// What went wrong since the coordinator has started, and who is gone.
  private static func troubleLines(of activity: CoordinatorActivity) -> [String] {
    let (counters, transport) = (activity.counters, activity.transport)
    var lines = [
      "failures     \(counted(counters.lostWorkers, "worker")) lost, "
        + "\(counted(counters.expiredLeases, "lease")) expired, "
        + "\(counted(counters.failedEvaluations, "evaluation")) failed, "
        + "\(counted(counters.failedWrites, "write")) failed"
    ]
    let unknown =
      transport.refusedConnections + transport.failedHandshakes + transport.notAllowed
      + transport.mismatchedKeys
    lines.append(
      "refused      \(counted(counters.refusedWorkers, "worker")), "
        + "\(counted(unknown, "unknown peer")), "
        + counted(counters.malformedFrames, "malformed frame"))
    if counters.disagreements > 0 {
      lines.append("SICK NODE    \(counted(counters.disagreements, "result")) unlike earlier ones")
    }
    lines += activity.departures.suffix(5).map { entry in
      "  \(entry.label) \(entry.kind == .left ? "has left" : "was \(entry.kind)") "
        + "\(NumberFormat.time(entry.secondsAgo)) ago: \(entry.diagnostic)"
    }
    return lines
      + activity.unknownPeers.suffix(5).map { entry in
        "  unknown peer \(entry.address), \(entry.count) times, the last "
          + "\(NumberFormat.time(entry.secondsAgo)) ago: \(entry.diagnostic)"
      }
  }

  private func table(of workers: [WorkerStatus]) -> [String] {
    var table = TextTable([
      ("worker", .left), ("key", .left), ("slots", .right), ("leases", .right), ("results", .right),
      ("images/s a slot", .right), ("running", .right), ("last heard", .right),
    ])
    for worker in workers {
      table.append([
        worker.label, worker.keyName, "\(worker.slots)", "\(worker.leases)", "\(worker.results)",
        NumberFormat.fixed(worker.imagesPerSecond, 1),
        worker.imagesLeased > 0 ? "\(worker.imagesDone)/\(worker.imagesLeased) images" : "",
        "\(NumberFormat.fixed(worker.silentSeconds, 1)) s ago",
      ])
    }
    return table.lines
  }
}

extension RunReport.Preparing {
  /// What is done, as text.
  var diagnostic: String {
    "preparing for \(NumberFormat.time(seconds)): \(what)"
      + (total > 0 ? ", \(done) of \(total)" : "")
  }
}

extension RunProgress {
  /// The full evaluations that were spent.
  package var spentEvaluationCount: Int { evaluationCount - savedEvaluationCount }

  /// How many candidates were evaluated for them, if that are more.
  package var savings: String? {
    savedEvaluationCount > 0 ? "\(evaluationCount) candidates" : nil
  }
}
