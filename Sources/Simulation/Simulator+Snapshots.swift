import Coordination
import WireProtocol

/// Snapshots of the coordinator's state: written beside the records, and used by some restarts.
extension Simulator {
  /// Restores a coordinator from what is durable, all of which has crossed the codec.
  func recoverCoordinator(usingSnapshot: Bool) throws -> Coordinator {
    var snapshot = usingSnapshot ? try journal.snapshot.map(CoordinatorSnapshot.init) : nil
    let discards = journal.discards
    if let found = snapshot, found.recordCount < discards.end { snapshot = nil }
    let rest = journal.records.dropFirst(snapshot?.recordCount ?? 0)
    // As a real coordinator, which draws a secret at each start.
    var settings = run.settings
    settings.tokenSecret = secret(ofLife: coordinator.life)
    return try Coordinator(
      settings: settings, snapshot: snapshot, discards: discards,
      recovering: rest.map { record throws(WireError) in
        try JournalRecord(decoding: record.encoded())
      })
  }

  /// Begins to write a snapshot.
  mutating func write(_ snapshot: CoordinatorSnapshot) {
    tell("snapshot of \(snapshot.recordCount) records")
    let time = isHealed ? 1 : snapshotGenerator.number(in: plan.writeTimes)
    events.add(.finishSnapshot(snapshot, coordinatorLife: coordinator.life), at: now + time)
  }

  /// Ends the write of a snapshot, which may have failed or come too late; nobody is told.
  mutating func finishSnapshot(_ snapshot: CoordinatorSnapshot, coordinatorLife: Int) {
    guard coordinatorLife == coordinator.life else { return }
    let isDead = !coordinator.isRunning
    let isFailing =
      !isHealed && (snapshotGenerator.chance(plan.writeFailureProbability) || isDiskFull)
    guard !isFailing, !isDead || snapshotGenerator.chance(0.5) else {
      tell("failed to write a snapshot")
      return
    }
    for problem in journal.write(snapshot) { violate(problem) }
    digest(journal.snapshot ?? [], mark: 4)
    do {
      let records = journal.records.prefix(snapshot.recordCount)
      let replayed = try Coordinator(
        settings: run.settings, discards: DiscardedResults(in: records), recovering: records)
      compare(replayed, with: snapshot, "the records that it stands for")
    } catch {
      violate("the records of a snapshot cannot be replayed: \(error)")
    }
  }

  /// Checks that the snapshot with the records behind it, and a fresh one without any, give the
  /// same as all records.
  mutating func checkSnapshots(of machine: Coordinator, replayed: Coordinator) {
    do {
      if journal.snapshot != nil {
        let restored = try recoverCoordinator(usingSnapshot: true)
        if restored.snapshot != replayed.snapshot
          || restored.durableState != replayed.durableState
        {
          violate("the snapshot and the records behind it give another state than all records")
        }
      }
      guard machine.isSettled else { return }
      compare(replayed, with: machine.snapshot, "all records")
    } catch {
      violate("the snapshot cannot be used: \(error)")
    }
  }

  /// Checks that a snapshot gives the same as a replay.
  private mutating func compare(
    _ replayed: Coordinator, with snapshot: CoordinatorSnapshot, _ diagnostic: String
  ) {
    do {
      let restored = try Coordinator(
        settings: run.settings, snapshot: try CoordinatorSnapshot(decoding: snapshot.encoded()),
        discards: DiscardedResults(in: journal.records.prefix(snapshot.recordCount)),
        recovering: [])
      if restored.snapshot != replayed.snapshot || restored.durableState != replayed.durableState {
        violate("a snapshot gives another state than \(diagnostic)")
      }
    } catch {
      violate("a snapshot cannot be used: \(error)")
    }
  }
}
