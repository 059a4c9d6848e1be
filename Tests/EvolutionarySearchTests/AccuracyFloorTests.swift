import EvolutionarySearch
import SparsityCore
import Testing

/// Accuracies that candidates need.
struct AccuracyFloorTests {
  /// Six genes of three choices; the densest costs most.
  private static let counts = Array(repeating: 3, count: 6)
  private static let dense = Genome(uniform: 2, count: 6)

  private static func cost(_ genome: Genome) -> Double {
    genome.genes.reduce(1) { $0 + Double($1) }
  }

  private static func settings(
    _ algorithm: SearchAlgorithmName = .bayesian, floor: AccuracyFloor?
  ) -> SearchSettings {
    var settings = SearchSettings(
      populationSize: 8, evaluationCountMax: 40, seed: 2, algorithm: algorithm,
      objectiveCount: 2, initial: [dense, Genome(uniform: 1, count: 6)])
    settings.accuracy = SearchSettings.Accuracy(place: 0, imageCount: 100, floor: floor)
    return settings
  }

  /// Costs of which at most half of dense is allowed.
  private static var costs: ExactCosts {
    ExactCosts(
      violation: { cost($0) / (0.5 * cost(dense)) - 1 }, objectives: { [nil, cost($0)] })
  }

  @Test func `a floor is a share, or a distance from what the first candidate has`() {
    #expect(AccuracyFloor.atLeast(0.7).share(reference: 0.9) == 0.7)
    let floor = AccuracyFloor.lossAtMost(0.25, against: Self.dense)
    #expect(floor.share(reference: nil) == nil)
    #expect(floor.share(reference: 0.75) == 0.5)
    #expect(AccuracyFloor.violation(of: 0.25, floor: 0.5) == 0.5)
    #expect(AccuracyFloor.violation(of: 0.6, floor: 0.5) < 0)
  }

  @Test func `what is exactly as accurate as needed meets the floor, however it is rounded`() {
    for images in [450, 538, 1_000, 50_000] {
      for lost in 1...30 {
        let dense = Double(images * 7 / 10) / Double(images)
        let accuracy = Double(images * 7 / 10 - lost) / Double(images)
        let floor = AccuracyFloor.lossAtMost(Double(lost) / Double(images), against: Self.dense)
        let share = floor.share(reference: dense) ?? .nan
        #expect(AccuracyFloor.violation(of: accuracy, floor: share) <= 0)
        #expect(AccuracyFloor.violation(of: accuracy - 1 / Double(images), floor: share) > 0)
      }
    }
  }

  @Test func `what others are compared with is asked first, though it costs too much`() throws {
    var search = try Search(
      choiceCounts: Self.counts,
      settings: Self.settings(floor: .lossAtMost(0.1, against: Self.dense)))
    let asked = (search.ask(costs: Self.costs), search.ask(costs: Self.costs))
    let (first, second) = (try #require(asked.0), try #require(asked.1))
    #expect(first.genome == Self.dense)
    #expect(Self.costs.violation(second.genome) <= 0)
    #expect(search.awaitsReference && search.accuracyFloor == nil)
    try search.tell(first.id, objectives: [-0.8, 13], violation: .infinity)
    #expect(!search.awaitsReference)
    #expect(search.accuracyFloor.map { abs($0 - 0.7) < 1e-12 } == true)
    #expect(search.archive.count == 0)
    #expect(search.nearestMiss.individual?.genome == Self.dense)
    #expect(search.nearestMiss.comparable == nil)

    let state = try #require(search.state)
    let restored = try Search(
      choiceCounts: Self.counts, settings: search.settings, restoring: state)
    #expect(restored.accuracyFloor == search.accuracyFloor)
    #expect(restored.state == state)
    var wrong = state
    wrong.referenceAccuracy = 1.5
    #expect(throws: SearchError.self) {
      try Search(choiceCounts: Self.counts, settings: search.settings, restoring: wrong)
    }
  }

  @Test func `evaluations end at the nearest miss as long as nothing is feasible`() throws {
    var search = try Search(
      choiceCounts: Self.counts, settings: Self.settings(floor: .atLeast(0.75)))
    func tell(_ accuracy: Double, violation: Double, imageCount: Int? = nil) throws {
      let asked = search.ask(costs: Self.costs)
      let candidate = try #require(asked)
      try search.tell(
        candidate.id, objectives: [-accuracy, Self.cost(candidate.genome)],
        violation: violation, imageCount: imageCount)
    }
    #expect(search.stoppingFloor == nil, "the first is measured in full")
    try tell(0.25, violation: 0.6, imageCount: 50)
    #expect(search.stoppingFloor == nil, "an estimate is no miss")
    try tell(0.5, violation: 0.3)
    #expect(search.stoppingFloor == 0.5)
    try tell(0.875, violation: -0.1)
    #expect(search.stoppingFloor == 0.75)
  }

  @Test func `without a floor, dense is left out that costs too much`() throws {
    var search = try Search(choiceCounts: Self.counts, settings: Self.settings(floor: nil))
    while let candidate = search.ask(costs: Self.costs) {
      #expect(candidate.genome != Self.dense)
      try search.tell(candidate.id, objectives: [-0.5, Self.cost(candidate.genome)])
    }
  }

  @Test func `a reference that cannot be measured leaves no floor, and nothing waits for it`()
    throws
  {
    var search = try Search(
      choiceCounts: Self.counts,
      settings: Self.settings(floor: .lossAtMost(0.1, against: Self.dense)))
    let asked = search.ask(costs: Self.costs)
    let first = try #require(asked)
    try search.quarantine(first.id)
    #expect(!search.awaitsReference && search.accuracyFloor == nil)
  }

  @Test func `the nearest miss is the same in whatever order misses come`() {
    let misses = [
      Individual(3, [1], violation: 0.5), Individual(1, [1], violation: 0.25),
      Individual(2, [1], violation: 0.25), Individual(0, [1], violation: .infinity),
      Individual(4, [1], violation: -1),
    ]
    for order in [misses, misses.reversed()] {
      var nearest = NearestMiss()
      for miss in order { nearest.offer(miss) }
      nearest.offer(Individual(5, [1], violation: 0.1), isWhole: false)
      #expect(nearest.comparable?.id == CandidateID(1))
    }
  }
}
