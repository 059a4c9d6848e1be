import EvolutionarySearch
import SparsityCore
import WireProtocol

/// Why a coordinator cannot start.
package enum CoordinationError: Error, Equatable, Sendable {
  case search(SearchError)
  case objectiveWithoutModel(Objective)
  case objectiveCount(search: Int, run: Int, referencePoint: Int)
  case journalWithoutOpening
  case otherRun(differences: [String])
  case damagedRecord(sequence: Int, diagnostic: String)
  case unusableSnapshot(diagnostic: String)
}

extension CoordinationError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .search(let error): "\(error)"
    case .objectiveWithoutModel(let objective):
      "the accelerator profile does not model the objective \(objective.rawValue); "
        + "complete the profile or choose another objective"
    case .objectiveCount(let search, let run, let referencePoint):
      "the search has \(search) objectives, the run \(run), the reference point "
        + "\(referencePoint); they must agree"
    case .journalWithoutOpening:
      "the journal does not begin with the start of a run; it is not one of Elsa's or is damaged"
    case .otherRun(let differences):
      "the journal belongs to a run that differs in \(differences.joined(separator: ", ")); "
        + "resume it with the same settings and inputs, or start in an empty run directory"
    case .damagedRecord(let sequence, let diagnostic):
      "record \(sequence) of the journal does not fit: \(diagnostic)"
    case .unusableSnapshot(let diagnostic):
      "the snapshot in the journal does not fit: \(diagnostic)"
    }
  }
}
