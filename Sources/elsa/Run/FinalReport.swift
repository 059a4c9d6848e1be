import RunPreparation
import RunReports
import RunStorage

/// What a finished run shows: its front, with the accuracy on images the search has not seen.
struct FinalReport {
  /// The run's folder.
  let directory: RunDirectory
  /// The evaluation threads.
  let threads: Int

  /// Measures the held-out sets, keeps the front in the run directory and prints it.
  func print(json: Bool) throws {
    let front = try JournaledFront(directory: directory, notified: Output.notify)
      .comparedWithDense(notified: Output.notify)
      .measuringHeldOut(threads: threads, observer: .terminal())
    if json { try Output.json(front) } else { front.lines.forEach(Output.result) }
    // The table is for a reader who may be a program; this is for a person.
    if let diagnostic = front.quarantineSummary { Output.notify("Attention: \(diagnostic)") }
  }
}
