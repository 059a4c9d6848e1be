import SparsityCore

/// The population of an NSGA-II with generations: the survivors of the generations before, and what
/// was told since.
struct GenerationalPopulation: Sendable {
  /// The parents of this generation.
  private(set) var survivors: RankedPopulation
  /// What was told since the generation began, in order.
  private(set) var arrived: [Individual] = []

  /// The results of one generation that are kept before survival comes early.
  private static let arrivedCountMax = 4_096

  /// Creates an empty population.
  init(sizeMax: Int) { survivors = RankedPopulation(sizeMax: sizeMax) }

  /// Restores a population of individuals, so many of which are survivors.
  ///
  /// - Precondition: there are so many, and no more survivors than may survive.
  init(sizeMax: Int, restoring individuals: [Individual], survivorCount: Int) {
    survivors = RankedPopulation(
      sizeMax: sizeMax, restoring: Array(individuals.prefix(survivorCount)))
    arrived = Array(individuals.dropFirst(survivorCount))
  }

  /// The most individuals that are kept.
  var countMax: Int { survivors.sizeMax + Self.arrivedCountMax }

  /// All individuals, survivors first.
  var individuals: [Individual] { survivors.individuals + arrived }

  /// Takes a result.
  mutating func insert(_ individual: Individual) {
    arrived.append(individual)
    if arrived.count >= Self.arrivedCountMax { beginGeneration() }
  }

  /// Lets the best of parents and offspring survive: whole fronts, and of the first front that does
  /// not fit those that are farthest from others (Deb et al. 2002, as pymoo does).
  mutating func beginGeneration() {
    guard !arrived.isEmpty else { return }
    let all = individuals
    let ranks = nonDominatedRanks(of: all)
    var places: [Int] = []
    for rank in 0...(ranks.max() ?? 0) where places.count < survivors.sizeMax {
      let front = all.indices.filter { ranks[$0] == rank }
      let room = survivors.sizeMax - places.count
      guard front.count > room else {
        places += front
        continue
      }
      let distances = crowdingDistances(of: front.map { all[$0] })
      let order = front.indices.sorted { first, second in
        distances[first] == distances[second]
          ? all[front[first]].id > all[front[second]].id : distances[first] > distances[second]
      }
      places += order.prefix(room).map { front[$0] }
    }
    // In the order in which they were told, as the state has them.
    survivors = RankedPopulation(
      sizeMax: survivors.sizeMax, restoring: places.sorted().map { all[$0] })
    arrived = []
  }
}
