import Foundation
import RunFiles
import RunPreparation
import RunStorage
import SparsityCore
import WireProtocol

/// How a run is doing, as `elsa status` shows it.
package struct RunReport {
  /// What a run is doing.
  package enum State: String, Encodable {
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

  /// What the run is doing.
  package let state: State
  /// How far the preparation is, if the run is being prepared.
  package var preparing: Preparing?
  /// When a coordinator that does not answer was last heard.
  package var notAnsweringSince: Date?
  /// Who holds the run, if it does not answer.
  package var holder: String?
  /// The run directory, where it is known.
  package var runDirectory: String?
  /// The run file, with every default written out.
  package var runFile: String?
  /// Where the coordinator listens.
  package var addresses: [String]?
  /// How far the run is.
  package let progress: RunProgress
  /// What the coordinator is doing; `nil` where none has answered.
  package let activity: CoordinatorActivity?
  /// The room that the run takes and has.
  package let disk: DiskUse

  /// Creates the report of a coordinator that works.
  package init(_ status: RunStatus) {
    self.init(Self.state(of: status), status.progress, status.activity, status.disk)
  }

  /// Creates the report of a run whose coordinator does not answer.
  ///
  /// - Parameter notified: Is told what is damaged and can be done without.
  /// - Throws: what keeps the journal from being read, if nobody is at work there.
  package init(
    _ silence: Silence, in directory: RunDirectory, notified: (String) -> Void
  ) throws {
    switch silence {
    case .absent: self = try RunReport(journalOf: directory, notified: notified)
    case .preparing(let preparing):
      self.init(.preparing, holding: directory, notified: notified)
      self.preparing = preparing
    case .notAnswering(let since, let holder):
      self.init(.notAnswering, holding: directory, notified: notified)
      notAnsweringSince = since
      self.holder = holder
    }
  }

  /// Creates the report of a coordinator of which nothing is known but that it does not answer.
  package init(since: Date?) {
    self.init(.notAnswering, RunProgress(), nil, DiskUse())
    notAnsweringSince = since
  }

  /// Creates the report of a run whose coordinator does not work, from its journal.
  package init(journalOf directory: RunDirectory, notified: (String) -> Void) throws {
    let journaled = try JournaledFront(directory: directory, notified: notified)
    var progress = RunProgress(journaled.front)
    progress.evaluationCountMax = try RunFile(path: directory.runFile).search.evaluations
    progress.isFinished =
      progress.spentEvaluationCount + progress.quarantinedCount >= progress.evaluationCountMax
    self.init(
      progress.isFinished ? .finished : .stopped, progress, nil, DiskUse(of: directory))
    runDirectory = directory.path
    runFile = directory.runFile
  }

  /// Creates the report of a run that a process holds, with what its journal tells.
  private init(_ state: State, holding directory: RunDirectory, notified: (String) -> Void) {
    // The run may have no journal yet.
    let journaled = try? RunReport(journalOf: directory, notified: notified)
    self.init(
      state, journaled?.progress ?? RunProgress(), nil, journaled?.disk ?? DiskUse())
    runDirectory = directory.path
    runFile = directory.holdsRun ? directory.runFile : nil
  }

  private init(
    _ state: State, _ progress: RunProgress, _ activity: CoordinatorActivity?, _ disk: DiskUse
  ) {
    self.state = state
    self.progress = progress
    self.activity = activity
    self.disk = disk
  }

  private static func state(of status: RunStatus) -> State {
    if status.progress.isFinished { return .finished }
    if status.activity.isStorageFailing { return .paused }
    return status.activity.isDraining ? .draining : .running
  }
}

extension RunProgress {
  /// Takes what a front tells; how many evaluations are wanted is not in it.
  init(_ front: FrontReport) {
    self.init()
    evaluationCount = front.evaluations
    savedEvaluationCount = front.evaluationsSaved ?? 0
    frontCount = front.points.count
    hypervolume = front.hypervolume
    objectives = front.objectives.compactMap(Objective.init)
    referencePoint = objectives.map { objective in
      objective.minimized(front.referencePoint[objective.rawValue] ?? 0)
    }
    quarantinedCount = front.quarantined.count
    quarantined = front.quarantined.map {
      QuarantinedCandidate(candidate: $0.candidate, diagnostic: $0.reason)
    }
    numerics = front.numerics
    bankArithmetic = front.bankArithmetic
  }
}

extension RunReport {
  /// What a coordinator does before it can be reached.
  package struct Preparing: Encodable {
    package let what: String
    package let done: Int
    package let total: Int
    package let seconds: Double

    /// Takes what a preparation says of itself.
    package init(_ preparation: Preparation, at now: Date) {
      what = preparation.what
      done = preparation.done
      total = preparation.total
      seconds = max(0, now.timeIntervalSince(preparation.startedAt))
    }
  }
}
