import Coordination
import CoordinatorService
import RunReports
import RunStorage
import SparsityCore
import TextReports
import WireProtocol

/// What a person at the coordinator sees while a run goes on.
final class RunProgressLine {
  private let isLocal: Bool
  private var line = ProgressLine()
  private let start = ContinuousClock.now

  /// Creates the view of a run.
  init(isLocal: Bool) {
    self.isLocal = isLocal
  }

  /// The coordinator can be reached.
  func started(_ file: ConnectionFile, directory: RunDirectory, settings: CoordinatorSettings) {
    guard !isLocal else { return }
    Output.notify("Run \(file.run) listens on \(file.endpoints.joined(separator: ", ")).")
    Output.notify(
      "Workers join with: elsa worker --connection-file \(directory.connectionFilePath)")
    if let window = settings.numericsWindow {
      let seconds = window.duration.components.seconds
      Output.notify(
        "The run file leaves \(window.openKeys) open: a new run takes the least of what the first "
          + "\(window.workerCountMax) workers report, or those of the first \(seconds) s.")
    }
  }

  /// Shows how far the run is.
  func show(_ status: RunStatus) {
    let (progress, activity) = (status.progress, status.activity)
    let seconds = (ContinuousClock.now - start).seconds
    let images = activity.counters.images
    let rate = seconds > 0 ? Double(images) / seconds : 0
    var details: [String] = []
    if activity.isStorageFailing { details.append("PAUSED: the journal cannot be written") }
    if progress.quarantinedCount > 0 { details.append("\(progress.quarantinedCount) quarantined") }
    if let savings = progress.savings { details.append(savings) }
    details += [
      counted(activity.workerCount, "worker"),
      "front \(progress.frontCount)",
      "hypervolume \(NumberFormat.short(progress.hypervolume))",
      "\(NumberFormat.fixed(rate, 0)) images/s",
    ]
    line.show(
      done: progress.spentEvaluationCount, total: progress.evaluationCountMax, unit: "evaluations",
      details: details,
      left: activity.secondsLeft.map(NumberFormat.time) ?? "?")
  }

  /// Shows what users should know at once; the rest is in the log.
  func notify(_ notification: Coordinator.Notification, diagnostic: String) {
    switch notification {
    case .numericsChosen, .resumed, .workerLost, .workerRefused, .candidateQuarantined,
      .evaluationRejected, .resultsDisagree, .resultsDiscarded, .keysDisagree, .auditorFailed,
      .frontNotRepeated, .storageFailing, .storageRecovered:
      line.interrupt(with: diagnostic)
    case .workerJoined, .workerReturned, .workerLeft, .candidateEvaluated, .draining,
      .stopping, .restarting:
      break
    }
  }

  /// Ends the progress line.
  func finish() {
    line.finish()
  }
}
