import SparsityCore

/// The non-dominated feasible individuals of a whole run.
///
/// Its content is a function of the set of individuals told, not of their order: of individuals
/// with equal objectives the first born stays.
public struct Archive: Hashable, Sendable {
  /// The individuals, ordered by their objectives, the first objective first.
  public private(set) var individuals: [Individual] = []

  /// Creates an empty archive.
  public init() {}

  /// The number of individuals.
  public var count: Int { individuals.count }

  /// Adds an individual unless it is infeasible or another is as good in every objective; returns
  /// whether it was added.
  ///
  /// - Complexity: O(*m* · *n*) for *n* individuals with *m* objectives.
  @discardableResult
  public mutating func insert(_ individual: Individual) -> Bool {
    guard individual.isFeasible else { return false }
    for member in individuals {
      if member.objectives == individual.objectives, member.id < individual.id { return false }
      if dominates(member.objectives, individual.objectives) { return false }
    }
    individuals.removeAll {
      $0.objectives == individual.objectives
        || dominates(individual.objectives, $0.objectives)
    }
    let place =
      individuals.firstIndex {
        individual.objectives.lexicographicallyPrecedes($0.objectives)
      } ?? individuals.count
    individuals.insert(individual, at: place)
    return true
  }

  /// Returns the hypervolume that the archive dominates up to `referencePoint`.
  public func hypervolume(referencePoint: [Double]) -> Double {
    EvolutionarySearch.hypervolume(
      of: individuals.map(\.objectives), referencePoint: referencePoint)
  }

  /// Whether the individuals are ordered and none dominates another.
  ///
  /// - Complexity: O(*m* · *n*²) for *n* individuals with *m* objectives.
  var isConsistent: Bool {
    individuals.indices.allSatisfy { place in
      individuals[(place + 1)...].allSatisfy { later in
        let earlier = individuals[place].objectives
        return earlier.lexicographicallyPrecedes(later.objectives)
          && !dominates(earlier, later.objectives) && !dominates(later.objectives, earlier)
      }
    }
  }
}
