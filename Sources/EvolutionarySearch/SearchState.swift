import SparsityCore

/// Everything that a search needs, besides space and settings, to go on exactly as it would have.
///
/// Copying one out of a search shares the known genomes with it, so it costs no more for a million
/// proposals than for a thousand.
package struct SearchState: Hashable, Sendable {
  /// The candidates proposed.
  package var proposalCount: Int
  /// The candidates told.
  package var evaluationCount: Int
  /// The candidates quarantined.
  package var quarantinedCount: Int
  /// The images that were not measured, since evaluations were stopped.
  package var savedImageCount: Int
  /// The accuracy that those of candidates are compared with, once it is measured.
  package var referenceAccuracy: Double?
  /// The non-dominated individuals, ordered by their objectives.
  package var archive: [Individual]
  /// What comes nearest to meeting the constraints, of what does not meet them.
  package var nearestMiss: Individual?
  /// The candidates being evaluated, in order of proposal.
  package var waiting: [Candidate]
  /// The codes of all genomes ever proposed, in order of proposal.
  package var known: GenomeCodes
  /// What the algorithm keeps (``SearchAlgorithm/stateBytes``).
  package var algorithm: [UInt8]

  /// Creates a state; it is checked when a search is restored with it.
  package init(
    proposalCount: Int, evaluationCount: Int, quarantinedCount: Int, savedImageCount: Int = 0,
    referenceAccuracy: Double? = nil, archive: [Individual], nearestMiss: Individual? = nil,
    waiting: [Candidate], known: GenomeCodes, algorithm: [UInt8]
  ) {
    self.proposalCount = proposalCount
    self.evaluationCount = evaluationCount
    self.quarantinedCount = quarantinedCount
    self.savedImageCount = savedImageCount
    self.referenceAccuracy = referenceAccuracy
    self.archive = archive
    self.nearestMiss = nearestMiss
    self.waiting = waiting
    self.known = known
    self.algorithm = algorithm
  }

  /// Checks that the parts are as many as each other says.
  ///
  /// - Throws: ``SearchError/stateDoesNotFit(diagnostic:)``.
  func checkCounts(for settings: SearchSettings) throws(SearchError) {
    let counts = [evaluationCount, quarantinedCount, waiting.count]
    let proposals = SearchSettings.evaluationCountRange.upperBound
    guard counts.allSatisfy({ (0...proposals).contains($0) }), proposalCount <= proposals,
      counts.reduce(0, +) == proposalCount, known.count == proposalCount
    else {
      throw .stateDoesNotFit(
        diagnostic:
          "\(proposalCount) proposals, but \(counts) are told, quarantined and waiting and "
          + "\(known.count) genomes known")
    }
    let images = settings.accuracy?.imageCount ?? 1
    let savedMax = evaluationCount.multipliedReportingOverflow(by: images - 1)
    guard !savedMax.overflow, (0...savedMax.partialValue).contains(savedImageCount) else {
      throw .stateDoesNotFit(
        diagnostic: "\(savedImageCount) images saved in \(evaluationCount) evaluations")
    }
    if let nearestMiss {
      guard !nearestMiss.isFeasible, nearestMiss.objectives.count == settings.objectiveCount else {
        throw .stateDoesNotFit(diagnostic: "\(nearestMiss.id) misses no constraint")
      }
    }
    if let referenceAccuracy {
      guard settings.reference != nil, (0...1).contains(referenceAccuracy) else {
        throw .stateDoesNotFit(
          diagnostic: "accuracies are compared with \(referenceAccuracy), a share of no reference")
      }
    }
    guard archive.count <= evaluationCount else {
      throw .stateDoesNotFit(
        diagnostic: "an archive of \(archive.count) after \(evaluationCount) evaluations")
    }
    let isRising = zip(waiting, waiting.dropFirst()).allSatisfy { $0.id < $1.id }
    guard isRising else {
      throw .stateDoesNotFit(diagnostic: "waiting candidates are out of order")
    }
    guard Set(archive.map(\.id)).count == archive.count,
      archive.allSatisfy({ $0.objectives.count == settings.objectiveCount })
    else {
      throw .stateDoesNotFit(
        diagnostic:
          "an individual stands twice or has other than \(settings.objectiveCount) objectives")
    }
  }
}
