import Coordination
import RunStorage

extension CoordinatorBenchmark {
  /// Starts a coordinator from the journal of a run that was measured, as a resumed run does: the
  /// file is checked, each record read and applied.
  ///
  /// - Returns: the seconds that it takes and the records that were applied.
  public func measureReplay() throws -> (seconds: Double, recordCount: Int) {
    let run = try EmptyRun(evaluations: evaluationCount)
    let start = ContinuousClock.now
    let journal = try Journal(in: directory)
    let records = JournalRecords(of: journal)
    let machine = try Coordinator(settings: run.settings, recovering: records)
    if let failure = records.failure { throw failure }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    precondition(machine.search.evaluationCount == evaluationCount)
    defer { withExtendedLifetime(machine) {} }
    let count = journal.recordCount
    try journal.close()
    return (seconds, count)
  }
}
