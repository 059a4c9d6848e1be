import SparsityCore

/// Why a search cannot start or refuses what it is told.
package enum SearchError: Error, Equatable, Sendable {
  case noGenes
  case unsupportedChoiceCount(gene: Int, count: Int)
  case allowedChoiceCount(genes: Int, expected: Int)
  case noAllowedChoices(gene: Int)
  case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
  case notAProbability(name: String, value: Double)
  case initialGenomeOutsideSpace(index: Int)
  case referenceOutsideSpace
  case earlierResultOutsideSpace(index: Int)
  case adoptedOutOfOrder(id: CandidateID, expected: CandidateID)
  case adoptedGenomeOutsideSpace(id: CandidateID)
  case adoptedTwice(id: CandidateID)
  case notOutstanding(id: CandidateID)
  case wrongObjectiveCount(id: CandidateID, count: Int, expected: Int)
  case objectiveNotFinite(id: CandidateID, index: Int, value: String)
  case violationNotANumber(id: CandidateID)
  case notStopped(id: CandidateID, imageCount: Int, whole: Int)
  case stateDoesNotFit(diagnostic: String)
}

extension SearchError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .noGenes:
      "the search space has no genes; give it at least one layer"
    case .unsupportedChoiceCount(let gene, let count):
      "gene \(gene) has \(count) choices; \(RunLimits.choiceRange.lowerBound)…"
        + "\(RunLimits.choiceRange.upperBound) are supported"
    case .allowedChoiceCount(let genes, let expected):
      "the allowed choices are those of \(counted(genes, "gene")); the search space has \(expected)"
    case .noAllowedChoices(let gene):
      "the allowed choices of gene \(gene) are none, out of order or outside the search space"
    case .outOfRange(let name, let value, let allowed):
      "\(name) is \(value); it must lie in \(allowed.lowerBound)…\(allowed.upperBound)"
    case .notAProbability(let name, let value):
      "\(name) is \(value); it must lie in 0…1"
    case .initialGenomeOutsideSpace(let index):
      "initial genome \(index) does not lie in the search space; check its length and levels"
    case .earlierResultOutsideSpace(let index):
      "result \(index) of an earlier search does not lie in the search space"
    case .referenceOutsideSpace:
      "the genome that accuracies are compared with does not lie in the search space"
    case .adoptedOutOfOrder(let id, let expected):
      "candidate \(id) was replayed where \(expected) was expected; the journal has a gap"
    case .adoptedGenomeOutsideSpace(let id):
      "the genome of replayed candidate \(id) does not lie in the search space; "
        + "the journal belongs to another run"
    case .adoptedTwice(let id):
      "the genome of replayed candidate \(id) was proposed before; the journal is damaged"
    case .notOutstanding(let id):
      "candidate \(id) is not being evaluated; its result came twice or it was never proposed"
    case .notStopped(let id, let imageCount, let whole):
      "candidate \(id) cannot have been stopped after \(counted(imageCount, "image")) of \(whole)"
    case .wrongObjectiveCount(let id, let count, let expected):
      "candidate \(id) came with \(counted(count, "objective")); the search has \(expected)"
    case .objectiveNotFinite(let id, let index, let value):
      "objective \(index) of candidate \(id) is \(value); it must be finite"
    case .violationNotANumber(let id):
      "the constraint violation of candidate \(id) is not a number"
    case .stateDoesNotFit(let diagnostic):
      "the state of the search does not fit: \(diagnostic)"
    }
  }
}
