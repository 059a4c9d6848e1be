import EvolutionarySearch
import SparsityCore
import Testing

struct DominationTests {
  @Test func `one point dominates another if it is nowhere worse and somewhere better`() {
    #expect(dominates([1, 2], [1, 3]))
    #expect(dominates([0, 2], [1, 3]))
    #expect(!dominates([1, 3], [1, 3]))
    #expect(!dominates([0, 4], [1, 3]))
    #expect(!dominates([1, 3], [1, 2]))
  }

  @Test func `the feasible dominates the infeasible, then the lesser violation decides`() {
    let good = Individual(0, [9, 9])
    let near = Individual(1, [0, 0], violation: 1)
    let far = Individual(2, [0, 0], violation: 2)
    #expect(constrainedDominates(good, near))
    #expect(!constrainedDominates(near, good))
    #expect(constrainedDominates(near, far))
    #expect(!constrainedDominates(far, near))
    #expect(!constrainedDominates(near, Individual(3, [5, 5], violation: 1)))
  }

  @Test(arguments: 1...3, UInt64(0)..<30)
  func `ranks are what peeling one front after another gives`(
    objectiveCount: Int, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    let individuals = Individual.random(
      count: generator.index(below: 40), objectiveCount: objectiveCount, gridSize: 8,
      violating: true, using: &generator)
    var expected = [Int](repeating: -1, count: individuals.count)
    var rest = Array(individuals.indices)
    var rank = 0
    while !rest.isEmpty {
      let front = rest.filter { member in
        !rest.contains { constrainedDominates(individuals[$0], individuals[member]) }
      }
      for member in front { expected[member] = rank }
      rest.removeAll { front.contains($0) }
      rank += 1
    }
    #expect(nonDominatedRanks(of: individuals) == expected)
  }
}

struct CrowdingDistanceTests {
  @Test func `distances are the sums of neighbour gaps by hand`() {
    let front = [
      Individual(0, [0, 10]), Individual(1, [4, 6]), Individual(2, [6, 2]), Individual(3, [10, 0]),
    ]
    // (6 − 0)/10 + (10 − 2)/10, and (10 − 4)/10 + (6 − 0)/10.
    let distances = crowdingDistances(of: front)
    #expect(distances[0] == .infinity)
    #expect(distances[3] == .infinity)
    #expect(abs(distances[1] - 1.4) < 1e-12)
    #expect(abs(distances[2] - 1.2) < 1e-12)
  }

  @Test func `of equal individuals only the youngest keeps a distance`() {
    let front = [
      Individual(4, [0, 2]), Individual(1, [0, 2]), Individual(2, [1, 1]), Individual(7, [1, 1]),
      Individual(3, [2, 0]),
    ]
    let distances = crowdingDistances(of: front)
    #expect(distances == [.infinity, 0, 0, 2, .infinity])
  }

  @Test func `fronts of none, one and all equal individuals have distances`() {
    #expect(crowdingDistances(of: []) == [])
    #expect(crowdingDistances(of: [Individual(0, [1, 2])]) == [.infinity])
    let equal = [Individual(0, [1, 2]), Individual(1, [1, 2]), Individual(2, [1, 2])]
    #expect(crowdingDistances(of: equal) == [0, 0, .infinity])
  }
}
