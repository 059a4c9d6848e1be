import SparsityCore

/// The non-dominated feasible individuals of a whole run.
///
/// Its content is a function of the set of individuals told, not of their order: of individuals
/// with equal objectives the first proposed stays.
package struct Archive: Hashable, Sendable {
  /// The individuals, ordered by their objectives, the first objective first.
  package private(set) var individuals: [Individual] = []

  /// Creates an empty archive.
  package init() {}

  /// Restores an archive, or returns `nil` if the individuals cannot be one.
  ///
  /// Order and feasibility are always checked; that none dominates another too, if it is cheap.
  init?(restoring individuals: [Individual]) {
    let isOrdered = zip(individuals, individuals.dropFirst()).allSatisfy { earlier, later in
      earlier.objectives.lexicographicallyPrecedes(later.objectives)
        && !dominates(earlier.objectives, later.objectives)
    }
    guard isOrdered, individuals.allSatisfy(\.isFeasible) else { return nil }
    self.individuals = individuals
    // In order, neighbours tell all about two objectives.
    let objectiveCount = individuals.first?.objectives.count ?? 0
    guard objectiveCount > 2, individuals.count <= Self.checkedCountMax else { return }
    guard isConsistent else { return nil }
  }

  /// The individuals of which each pair is compared.
  private static let checkedCountMax = 1_000

  /// The number of individuals.
  package var count: Int { individuals.count }

  /// Adds an individual unless it is infeasible or another is as good in every objective; returns
  /// whether it was added.
  ///
  /// - Complexity: O(*m* · *n*) for *n* individuals with *m* objectives.
  @discardableResult
  package mutating func insert(_ individual: Individual) -> Bool {
    guard individual.isFeasible else { return false }
    let objectives = individual.objectives
    let place = self.place(of: objectives)
    // Anyone who is as good everywhere comes earlier in the order or has equal objectives.
    for member in individuals[..<place].reversed() {
      if dominates(member.objectives, objectives) { return false }
    }
    if place < individuals.count, individuals[place].objectives == objectives {
      guard individual.id < individuals[place].id else { return false }
      individuals[place] = individual
      return true
    }
    let dominated = individuals[place...].indices.filter {
      dominates(objectives, individuals[$0].objectives)
    }
    for index in dominated.reversed() { individuals.remove(at: index) }
    individuals.insert(individual, at: place)
    return true
  }

  /// Returns the place of the first individual that does not come before `objectives`.
  private func place(of objectives: [Double]) -> Int {
    var range = individuals.indices
    while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
      range =
        individuals[middle].objectives.lexicographicallyPrecedes(objectives)
        ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }

  /// Returns the hypervolume that the archive dominates up to `referencePoint`.
  package func hypervolume(referencePoint: [Double]) -> Double {
    EvolutionarySearch.hypervolume(
      of: individuals.map(\.objectives), referencePoint: referencePoint)
  }

  /// Whether the individuals are ordered and none dominates another.
  ///
  /// - Complexity: O(*m* · *n*²) for *n* individuals with *m* objectives.
  package var isConsistent: Bool {
    individuals.indices.allSatisfy { place in
      individuals[(place + 1)...].allSatisfy { later in
        let earlier = individuals[place].objectives
        return earlier.lexicographicallyPrecedes(later.objectives)
          && !dominates(earlier, later.objectives) && !dominates(later.objectives, earlier)
      }
    }
  }
}
