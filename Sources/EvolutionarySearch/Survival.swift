import SparsityCore

/// The population of a steady-state NSGA-II: individuals with their rank and crowding distance.
struct RankedPopulation: Sendable {
  /// The most individuals that survive.
  let sizeMax: Int
  /// The individuals, in the order in which they were told.
  private(set) var individuals: [Individual] = []
  /// The front of each individual, 0 for the best.
  private(set) var ranks: [Int] = []
  /// The crowding distance of each individual within its front.
  private(set) var distances: [Double] = []

  /// Creates an empty population.
  init(sizeMax: Int) {
    precondition(sizeMax > 0)
    self.sizeMax = sizeMax
  }

  /// Adds an individual and, if there are too many, removes the most crowded of the last front.
  mutating func insert(_ individual: Individual) {
    individuals.append(individual)
    ranks = nonDominatedRanks(of: individuals)
    updateDistances(ofRanks: 0...)
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
    // Nothing behind the last front depended on the one removed.
    updateDistances(ofRanks: last...)
  }

  /// Computes the crowding distances of the fronts in a range.
  private mutating func updateDistances(ofRanks range: PartialRangeFrom<Int>) {
    distances = distances + Array(repeating: 0, count: individuals.count - distances.count)
    var fronts: [[Int]] = []
    for (index, rank) in ranks.enumerated() where range.contains(rank) {
      let place = rank - range.lowerBound
      while fronts.count <= place { fronts.append([]) }
      fronts[place].append(index)
    }
    for front in fronts {
      for (index, distance) in zip(front, crowdingDistances(of: front.map { individuals[$0] })) {
        distances[index] = distance
      }
    }
  }

  /// Traps unless the parts belong together.
  func checkInvariants() {
    precondition(individuals.count <= sizeMax)
    precondition(ranks.count == individuals.count)
    precondition(distances.count == individuals.count)
  }
}
