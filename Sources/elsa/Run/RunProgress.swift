import Coordination
import CoordinatorService
import RunStorage
import SparsityCore

/// What a person at the coordinator sees while a run goes on.
final class RunProgress {
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
    Output.note("Run \(file.run) listens on \(file.endpoints.joined(separator: ", ")).")
    Output.note("Workers join with: elsa worker --connection-file \(directory.connectionFilePath)")
    if let window = settings.numericsWindow {
      let seconds = window.duration.components.seconds
      Output.note(
        "The run file leaves \(window.openKeys) open: a new run takes the least of what the first "
          + "\(window.workerCountMax) workers report, or those of the first \(seconds) s.")
    }
  }

  /// Shows how far the run is.
  func show(_ status: CoordinatorStatus) {
    let progress = status.progress
    let seconds = (ContinuousClock.now - start).seconds
    let images = progress.counters.images
    let rate = seconds > 0 ? Double(images) / seconds : 0
    var details: [String] = []
    if progress.isStorageFailing { details.append("PAUSED: the journal cannot be written") }
    if progress.quarantinedCount > 0 { details.append("\(progress.quarantinedCount) given up") }
    details += [
      counted(progress.workerCount, "worker"),
      "front \(progress.frontCount)",
      "hypervolume \(NumberFormat.short(progress.hypervolume))",
      "\(NumberFormat.fixed(rate, 0)) images/s",
    ]
    line.show(
      done: progress.evaluationCount, total: progress.evaluationCountMax, unit: "evaluations",
      details: details,
      left: status.timeLeft.map { NumberFormat.time($0.seconds) } ?? "?")
  }

  /// Shows what people should know at once; the rest is in the log.
  func note(_ note: Coordinator.Note, words: String) {
    switch note {
    case .numericsChosen, .resumed, .workerLost, .workerRefused, .candidateQuarantined,
      .evaluationRejected, .resultsDisagree, .resultsDiscarded, .keysDisagree, .auditorFailed,
      .frontNotRepeated, .storageFailing, .storageRecovered:
      line.interrupt(with: words)
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
