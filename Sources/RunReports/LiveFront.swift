import Coordination
import Foundation
import RunPreparation
import RunStorage
import SparsityCore
import WireProtocol

/// The front of a coordinator that works, kept in the run directory.
///
/// What the machine does not remember comes from its notifications; of a run that goes on, from the
/// few records about the candidates concerned. The journal is never read as a whole: this runs on
/// the thread of the sockets.
package final class LiveFront {
  private let source: FrontSource
  private let directory: LockedRunDirectory
  private let heldOut: HeldOutAccuracies
  private var content = FrontContent(members: [], evaluationCount: 0)
  private var areDiscardsKnown = false

  /// Creates the front of a run that starts or goes on.
  ///
  /// - Parameter notified: Is told what is damaged and can be done without.
  package init(
    _ source: FrontSource, in directory: LockedRunDirectory, notified: (String) -> Void
  ) {
    self.source = source
    self.directory = directory
    heldOut = HeldOutAccuracies(in: directory.files, notified: notified)
  }

  /// Takes over what a notification says about a candidate, before its record can be read.
  package func take(_ notification: Coordinator.Notification) {
    switch notification {
    case .candidateEvaluated(let evaluated, let isOnFront) where isOnFront || isMiss(evaluated):
      content.evaluations[evaluated.candidate] = evaluated
    case .candidateQuarantined(let candidate, let diagnostic):
      content.quarantined[candidate] = FrontContent.Quarantined(reason: diagnostic)
    case .resultsDiscarded:
      // What is known may count no more, and numbers of candidates may be given anew.
      content = FrontContent(members: [], evaluationCount: 0)
      areDiscardsKnown = false
    default: break
    }
  }

  /// Whether a candidate may be shown although it is on no front: while none is.
  private func isMiss(_ evaluated: EvaluatedCandidate) -> Bool {
    content.members.isEmpty && !evaluated.isStopped && evaluated.violation > 0
  }

  /// Writes the front as it is now, and returns it.
  package func write(_ machine: Coordinator) throws -> FrontReport {
    let report = try report(of: machine)
    try directory.write(report.encoded(), to: directory.files.front, syncing: false)
    return report
  }

  private func report(of machine: Coordinator) throws -> FrontReport {
    content.members = machine.search.archive.individuals
    content.nearestMiss = machine.search.nearestMiss.comparable
    content.evaluationCount = machine.search.evaluationCount
    content.savedImageCount = machine.search.savedImageCount
    for candidate in machine.quarantinedCandidates where content.quarantined[candidate] == nil {
      content.quarantined[candidate] = FrontContent.Quarantined()
    }
    content.forgetOthers()
    if !areDiscardsKnown {
      content.discarded = try JournalReader(of: directory.files).discards().map(\.key)
      areDiscardsKnown = true
    }
    let unknown = content.unknown
    if !unknown.isEmpty {
      content.complete(with: try JournalReader(of: directory.files).records(about: unknown))
    }
    return source.describing(machine.settings.description).report(content).adding(heldOut)
  }
}
