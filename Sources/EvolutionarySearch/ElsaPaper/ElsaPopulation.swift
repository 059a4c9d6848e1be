import SparsityCore

/// The individuals that ELSA's evolution builds on, and by what it ranks them.
struct ElsaPopulation: Sendable {
  /// The best at the beginning of the generation, best first; then what was told since.
  private(set) var individuals: [Individual] = []
  /// The individuals that the generation began with.
  private(set) var rankedCount = 0
  /// The accuracy of the cheapest individual on the front when the generation began; `nil` before
  /// the first.
  private(set) var threshold: Double?
  /// By objective, the least and the greatest value that was told.
  private(set) var extremes: [(least: Double, greatest: Double)] = []
  private let settings: SearchSettings

  /// The individuals that may come between two generations before the worst are dropped.
  private let arrivedCountMax: Int

  /// Creates an empty population.
  init(settings: SearchSettings) {
    self.settings = settings
    arrivedCountMax = 4 * settings.populationSize
  }

  /// The most individuals that are kept.
  var countMax: Int { settings.populationSize + arrivedCountMax }

  /// The place of the objective that stands for accuracy, which is its negative.
  private var accuracyPlace: Int { settings.accuracy?.place ?? 0 }

  /// Returns the accuracy of an individual.
  func accuracy(of individual: Individual) -> Double { -individual.objectives[accuracyPlace] }

  /// The least and the greatest accuracy that was told.
  var accuracies: ClosedRange<Double>? {
    extremes.isEmpty
      ? nil : -extremes[accuracyPlace].greatest ... -extremes[accuracyPlace].least
  }

  /// The parents of a generation of so many: a fifth, best first.
  func parents(ofGeneration size: Int) -> ArraySlice<Individual> {
    individuals.prefix(min(rankedCount, max(2, size / 5)))
  }

  /// Takes a result.
  mutating func add(_ individual: Individual) {
    if extremes.isEmpty {
      extremes = individual.objectives.map { ($0, $0) }
    } else {
      for (place, value) in individual.objectives.enumerated() {
        extremes[place].least = min(extremes[place].least, value)
        extremes[place].greatest = max(extremes[place].greatest, value)
      }
    }
    individuals.append(individual)
    if individuals.count > countMax { rank() }
  }

  /// Begins a generation with what is known: ranks all, and keeps the best.
  mutating func rank() {
    guard !individuals.isEmpty else { return }
    let ranks = nonDominatedRanks(of: individuals)
    let isOnFront = individuals.indices.map { place in
      ranks[place] == 0 && individuals[place].isFeasible
    }
    let before = threshold ?? accuracies?.lowerBound ?? 0
    let cheapest = individuals.indices.filter { isOnFront[$0] }.min {
      (cost(of: individuals[$0]), $0) < (cost(of: individuals[$1]), $1)
    }
    let threshold = cheapest.map { accuracy(of: individuals[$0]) } ?? before
    let scores = individuals.indices.map { place in
      score(of: individuals[place], isOnFront: isOnFront[place], threshold, before)
    }
    let order = individuals.indices.sorted { first, second in
      // Of equal ones the younger comes first; those that are infeasible come last.
      let (left, right) = (individuals[first], individuals[second])
      if left.isFeasible != right.isFeasible { return left.isFeasible }
      if scores[first] != scores[second] { return scores[first] > scores[second] }
      return left.id > right.id
    }
    individuals = order.prefix(settings.populationSize).map { individuals[$0] }
    rankedCount = individuals.count
    self.threshold = threshold
  }

  /// Returns [on the front] + (accuracy - A) ÷ (best - A before) + (hi - cost) ÷ (hi - lo).
  private func score(
    of individual: Individual, isOnFront: Bool, _ threshold: Double, _ before: Double
  ) -> Double {
    let range = (accuracies?.upperBound ?? 0) - before
    return (isOnFront ? 1 : 0)
      + (range > 0 ? (accuracy(of: individual) - threshold) / range : 0)
      + 1 - cost(of: individual)
  }

  /// Returns the score of a parent, in the terms of all that is known now, but never negative.
  func chance(of parent: Individual) -> Double {
    let isDominated = individuals.contains { constrainedDominates($0, parent) }
    let threshold = threshold ?? 0
    return max(1e-3, score(of: parent, isOnFront: !isDominated, threshold, threshold))
  }

  /// Returns what an individual costs, 0 for the least and 1 for the most that was told: the mean
  /// of all objectives but accuracy.
  func cost(of individual: Individual) -> Double {
    guard individual.objectives.count > 1 else { return 0 }
    var sum = 0.0
    for (place, value) in individual.objectives.enumerated() where place != accuracyPlace {
      let (least, greatest) = extremes[place]
      if greatest > least { sum += (value - least) / (greatest - least) }
    }
    return sum / Double(individual.objectives.count - 1)
  }

  /// Returns into how many parts costs are divided: ELSA's genes ÷ choices · range ÷ least cost.
  func binCount(of space: ChoiceSpace) -> Int {
    let choices = Double(max(1, space.choiceCounts.max() ?? 1))
    var bins = Double(space.geneCount) / choices
    if let place = extremes.indices.first(where: { $0 != accuracyPlace }) {
      let (least, greatest) = extremes[place]
      let unit = min(abs(least), abs(greatest))
      if unit > 0 { bins *= min((greatest - least) / unit, choices) }
    }
    return max(1, min(space.geneCount, Int(bins)))
  }
}

// MARK: State

extension ElsaPopulation {
  /// Adds the population to the state of an algorithm.
  func write(to writer: inout StateWriter) {
    writer.append(individuals)
    writer.append(UInt64(rankedCount))
    writer.append(threshold == nil ? 0 : 1)
    writer.append((threshold ?? 0).bitPattern)
    writer.append(UInt64(extremes.count))
    for (least, greatest) in extremes {
      writer.append(least.bitPattern)
      writer.append(greatest.bitPattern)
    }
  }

  /// Reads the population.
  ///
  /// - Throws: ``SearchError/stateDoesNotFit(diagnostic:)``.
  init(
    settings: SearchSettings, geneCount: Int, reading reader: inout StateReader
  ) throws(SearchError) {
    self.init(settings: settings)
    individuals = try reader.individuals(
      countMax: countMax, geneCount: geneCount, objectiveCount: settings.objectiveCount)
    rankedCount = try reader.count()
    let hasThreshold = try reader.number() != 0
    let value = try reader.finite()
    threshold = hasThreshold ? value : nil
    let extremeCount = try reader.count()
    let expected = individuals.isEmpty ? 0 : settings.objectiveCount
    guard rankedCount <= individuals.count, extremeCount == expected else {
      throw .stateDoesNotFit(
        diagnostic: "of the algorithm, \(rankedCount) of \(individuals.count) individuals are "
          + "ranked and \(extremeCount) objectives have extremes")
    }
    for _ in 0..<extremeCount {
      let least = try reader.finite()
      let greatest = try reader.finite()
      guard least <= greatest else {
        throw .stateDoesNotFit(diagnostic: "of the algorithm, extremes are reversed")
      }
      extremes.append((least, greatest))
    }
  }
}
