import Coordination
import CoordinatorService
import Foundation
import RunStorage

/// What a restart of a coordinator costs with and without the journal's snapshot.
package struct ReplayMeasurement: Sendable {
  /// The time that a check of the file's structure takes: before a replay, beside a resumed run.
  package let check: ElapsedTime
  /// The time of a restart that reads all records.
  package let replay: ElapsedTime
  /// The records of the journal.
  package let recordCount: Int
  /// What a restart from the snapshot costs, if the journal has one.
  package let snapshot: SnapshotMeasurement?
}

/// What a journal's snapshot costs and saves.
package struct SnapshotMeasurement: Sendable {
  /// The time of a restart that reads the snapshot and the records behind it.
  package let resume: ElapsedTime
  /// The records that the snapshot stands for.
  package let recordCount: Int
  /// The bytes of the snapshot.
  package let bytes: Int
  /// How long the coordinator stands still while a snapshot is taken.
  package let stall: ElapsedTime
  /// The time on the journal's thread in which it is encoded and written.
  package let writing: ElapsedTime
}

/// A time by the clock and the processor time within it.
package struct ElapsedTime: Sendable {
  /// The seconds by the clock.
  package let seconds: Double
  /// The seconds that this process has computed.
  package let processorSeconds: Double

  /// Measures what `body` takes.
  static func of<Value>(_ body: () throws -> Value) rethrows -> (Value, ElapsedTime) {
    let start = ContinuousClock.now
    let processorStart = processorSeconds()
    let value = try body()
    let time = ElapsedTime(
      seconds: (ContinuousClock.now - start) / .seconds(1),
      processorSeconds: processorSeconds() - processorStart)
    return (value, time)
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

extension CoordinatorBenchmark {
  /// Starts coordinators from the journal of a run that was measured: one from all records, and
  /// one from the snapshot as a resumed run does.
  package func measureReplay() throws -> ReplayMeasurement {
    let settings = try EmptyRun(evaluations: evaluationCount).settings
    let journal = try Journal(in: directory)
    let (_, check) = try ElapsedTime.of { try JournalReader(of: directory).checkIntegrity() }
    let (machine, replay) = try ElapsedTime.of {
      let records = JournalRecords(of: journal)
      let machine = try Coordinator(settings: settings, recovering: records)
      if let failure = records.failure { throw failure }
      return machine
    }
    precondition(machine.search.evaluationCount == evaluationCount)
    let snapshot = try measureSnapshot(of: journal, settings: settings)
    let count = journal.recordCount
    try journal.close()
    return ReplayMeasurement(
      check: check, replay: replay, recordCount: count, snapshot: snapshot)
  }

  /// Restores a coordinator from the journal of a run that was measured, as a resumed run does.
  package static func restore(
    _ directory: RunDirectory, evaluationCount: Int, lock: DirectoryLock
  ) throws {
    let settings = try EmptyRun(evaluations: evaluationCount).settings
    let journal = try Journal(in: directory, lock: lock)
    let recovery = try CoordinatorRecovery(settings: settings, from: journal)
    precondition(recovery.machine.search.evaluationCount == evaluationCount)
    try journal.close()
  }

  private func measureSnapshot(
    of journal: Journal, settings: CoordinatorSettings
  ) throws -> SnapshotMeasurement? {
    guard let stored = try journal.snapshot() else { return nil }
    let (recovery, resume) = try ElapsedTime.of {
      try CoordinatorRecovery(settings: settings, from: journal)
    }
    if let diagnostic = recovery.warning {
      throw CoordinatorBenchmarkError.uselessSnapshot(diagnostic: diagnostic)
    }
    let (snapshot, stall) = ElapsedTime.of { recovery.machine.snapshot }
    let (_, writing) = try ElapsedTime.of {
      // The content that was there, so that the journal stays as it is.
      _ = snapshot.encoded()
      try journal.replaceSnapshot(with: stored, writtenAt: Date())
    }
    return SnapshotMeasurement(
      resume: resume, recordCount: stored.recordCount, bytes: stored.content.count, stall: stall,
      writing: writing)
  }
}
