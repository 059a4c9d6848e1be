import SparsityCore

/// How a run is doing: the coordinator's machine begins it, its shell completes it, the wire
/// carries it, and reports show it.
package struct RunStatus: Hashable, Sendable {
  /// How far the run is.
  package var progress = RunProgress()
  /// What its coordinator is doing.
  package var activity = CoordinatorActivity()
  /// The room that the run takes and has.
  package var disk = DiskUse()

  /// Creates the status of a run without anything.
  package init() {}

  /// The most workers that a status lists.
  package static let workerCountMax = 1_000
  /// The most given-up candidates that a status lists.
  package static let quarantinedCountMax = 20
  /// The most departures that a status lists.
  package static let departureCountMax = 20
  /// The most unknown peers that a status lists.
  package static let unknownPeerCountMax = 20
}

/// How far a run is, which its journal tells, too.
package struct RunProgress: Hashable, Sendable {
  /// Candidates told to the search.
  package var evaluationCount = 0
  /// The full evaluations that the run may take.
  package var evaluationCountMax = 0
  /// The full evaluations that were saved, since evaluations were stopped before all images were
  /// measured.
  package var savedEvaluationCount = 0
  /// Individuals on the front.
  package var frontCount = 0
  /// The hypervolume of the front up to ``referencePoint``.
  package var hypervolume = 0.0
  /// What the search improves; empty if the coordinator does not say.
  package var objectives: [Objective] = []
  /// The minimised objectives up to which the hypervolume is measured.
  package var referencePoint: [Double] = []
  /// Candidates quarantined.
  package var quarantinedCount = 0
  /// The candidates that were quarantined last.
  package var quarantined: [QuarantinedCandidate] = []
  /// The arithmetic that results are computed in, once it is chosen.
  package var numerics: String?
  /// The arithmetic that the weights were calibrated in, if they were.
  package var bankArithmetic: String?
  /// Whether everything is evaluated.
  package var isFinished = false

  /// Creates the progress of a run without anything.
  package init() {}
}

/// How much room a run takes and has.
package struct DiskUse: Hashable, Sendable {
  /// The size of the journal with its write-ahead log.
  package var journalBytes: Int
  /// The room left on its disk for this user.
  package var freeBytes: Int

  package init(journalBytes: Int = 0, freeBytes: Int = 0) {
    self.journalBytes = journalBytes
    self.freeBytes = freeBytes
  }
}
