import SparsityCore

/// The population of a steady-state NSGA-II: individuals with their rank and crowding distance.
package struct RankedPopulation: Sendable {
  /// The most individuals that survive.
  package let sizeMax: Int
  /// The individuals, in the order in which they were told.
  package private(set) var individuals: [Individual] = []
  /// The front of each individual, 0 for the best.
  package private(set) var ranks: [Int] = []
  /// The crowding distance of each individual within its front.
  package private(set) var distances: [Double] = []

  /// Creates an empty population.
  package init(sizeMax: Int) {
    precondition(sizeMax > 0)
    self.sizeMax = sizeMax
  }

  /// Restores a population of individuals in the order in which they were told.
  ///
  /// Ranks are a function of the individuals and distances one of each front in its order, so they
  /// are those that the population had.
  ///
  /// - Precondition: there are at most `sizeMax` individuals, all with as many objectives.
  /// - Complexity: O(*m* · *n*²) for *n* individuals with *m* objectives.
  package init(sizeMax: Int, restoring individuals: [Individual]) {
    self.init(sizeMax: sizeMax)
    precondition(individuals.count <= sizeMax)
    for individual in individuals { _ = rank(individual) }
    if let last = ranks.max() { updateDistances(ofRanks: 0...last) }
  }

  /// Adds an individual and, if there are too many, removes the most crowded of the last front.
  ///
  /// - Complexity: O(*m* · *n*) comparisons of objectives in the usual case that few fronts change
  ///   and each loses few members, O(*m* · *n*²) at worst.
  package mutating func insert(_ individual: Individual) {
    let changed = rank(individual)
    updateDistances(ofRanks: changed)
    guard individuals.count > sizeMax, let last = ranks.max() else { return }
    let worst = individuals.indices.filter { ranks[$0] == last }.min { first, second in
      // Equally crowded: the elder goes, so that neutral changes can drift.
      distances[first] == distances[second]
        ? individuals[first].id < individuals[second].id : distances[first] < distances[second]
    }
    guard let worst else { return }
    individuals.remove(at: worst)
    ranks.remove(at: worst)
    distances.remove(at: worst)
    // No rank depended on a member of the last front.
    updateDistances(ofRanks: last...last)
  }

  /// Appends an individual, moves those that it pushes back, and returns the changed ranks.
  ///
  /// Efficient non-domination level update (Li, Deb, Zhang, Kwong 2014): the individuals pushed
  /// out of one front join the next, and push out of it those that they dominate.
  private mutating func rank(_ individual: Individual) -> ClosedRange<Int> {
    let first = firstRank(notDominating: individual)
    var moving = [individuals.count]
    individuals.append(individual)
    ranks.append(-1)
    distances.append(0)
    var rank = first
    while true {
      let displaced = individuals.indices.filter { member in
        ranks[member] == rank
          && moving.contains { constrainedDominates(individuals[$0], individuals[member]) }
      }
      for member in moving { ranks[member] = rank }
      if displaced.isEmpty { return first...rank }
      moving = displaced
      rank += 1
    }
  }

  /// Returns the first rank of which no member dominates an individual.
  private func firstRank(notDominating individual: Individual) -> Int {
    var rank = 0
    for index in individuals.indices where ranks[index] >= rank {
      if constrainedDominates(individuals[index], individual) { rank = ranks[index] + 1 }
    }
    return rank
  }

  /// Computes the crowding distances of the fronts in a range.
  private mutating func updateDistances(ofRanks range: ClosedRange<Int>) {
    for rank in range {
      let front = individuals.indices.filter { ranks[$0] == rank }
      for (index, distance) in zip(front, crowdingDistances(of: front.map { individuals[$0] })) {
        distances[index] = distance
      }
    }
  }

  /// Traps unless the parts belong together.
  package func checkInvariants() {
    precondition(individuals.count <= sizeMax)
    precondition(ranks.count == individuals.count)
    precondition(distances.count == individuals.count)
  }
}
