import Coordination
import RunStorage
import WireProtocol

/// What a journal has given.
package struct CoordinatorRecovery {
  /// The coordinator, which has not started.
  package let machine: Coordinator
  /// Why the snapshot in the journal was of no use, as text, if there is one and it was not.
  package let warning: String?

  /// Restores a coordinator from the journal's snapshot and the records behind it, or from all
  /// records if there is no snapshot or it is of no use.
  ///
  /// A snapshot never keeps a run from being resumed: whatever is wrong with it, all that it stands
  /// for is in the records.
  ///
  /// - Throws: ``CoordinatorServiceError``: the records are damaged or of another run.
  package init(
    settings: CoordinatorSettings, from journal: Journal
  ) throws(CoordinatorServiceError) {
    let problem: String
    let discards = try Self.discards(of: journal)
    switch Self.snapshot(of: journal, behind: discards) {
    case .none:
      machine = try Self.replay(settings, nil, discards, journal)
      warning = nil
      return
    case .usable(let snapshot):
      do throws(CoordinatorServiceError) {
        machine = try Self.replay(settings, snapshot, discards, journal)
        warning = nil
        return
      } catch .coordination(let error) {
        problem = "\(error)"
      } catch {
        throw error
      }
    case .damaged(let diagnostic): problem = diagnostic
    }
    // All records are read before anybody is warned: another run's journal has a better error.
    machine = try Self.replay(settings, nil, discards, journal)
    warning =
      "the snapshot in the journal was of no use (\(problem)); all \(journal.recordCount) records "
      + "were read instead, which takes longer, and the next snapshot takes its place"
  }

  /// What a journal has of a snapshot.
  private enum Found {
    case none
    case usable(CoordinatorSnapshot)
    case damaged(diagnostic: String)
  }

  /// Returns the journal's snapshot, unless results count no more that it stands for.
  private static func snapshot(of journal: Journal, behind discards: DiscardedResults) -> Found {
    do {
      guard let stored = try journal.snapshot(), stored.recordCount >= discards.end else {
        return .none
      }
      let snapshot = try CoordinatorSnapshot(decoding: stored.content)
      guard snapshot.recordCount == stored.recordCount, snapshot.term == stored.term else {
        return .damaged(diagnostic: "its columns belong to another one")
      }
      return .usable(snapshot)
    } catch {
      return .damaged(diagnostic: "\(error)")
    }
  }

  private static func discards(
    of journal: Journal
  ) throws(CoordinatorServiceError) -> DiscardedResults {
    do throws(RunStorageError) {
      return DiscardedResults(try journal.discards())
    } catch {
      throw .storage(error)
    }
  }

  private static func replay(
    _ settings: CoordinatorSettings, _ snapshot: CoordinatorSnapshot?,
    _ discards: DiscardedResults, _ journal: Journal
  ) throws(CoordinatorServiceError) -> Coordinator {
    let records = JournalRecords(of: journal, from: snapshot?.recordCount ?? 0)
    let machine: Coordinator
    do throws(CoordinationError) {
      machine = try Coordinator(
        settings: settings, snapshot: snapshot, discards: discards, recovering: records)
    } catch {
      throw .coordination(error)
    }
    if let failure = records.failure { throw .storage(failure) }
    return machine
  }
}
