import EvolutionarySearch
import SparsityCore
import Testing

struct SurvivalTests {
  @Test(arguments: 1...3, UInt64(0)..<30)
  func `ranks and distances kept up step by step are those computed afresh`(
    objectiveCount: Int, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    var population = RankedPopulation(sizeMax: 15)
    let told = Individual.random(
      count: 60, objectiveCount: objectiveCount, gridSize: 12, violating: seed % 2 == 0,
      using: &generator)
    for individual in told {
      population.insert(individual)
      population.checkInvariants()
      let ranks = nonDominatedRanks(of: population.individuals)
      #expect(population.ranks == ranks)
      for rank in Set(ranks) {
        let front = population.individuals.indices.filter { ranks[$0] == rank }
        #expect(
          front.map { population.distances[$0] }
            == crowdingDistances(of: front.map { population.individuals[$0] }))
      }
    }
    #expect(population.individuals.count == 15)
  }

  @Test func `the most crowded of the last front goes`() {
    var population = RankedPopulation(sizeMax: 4)
    for individual in [
      Individual(0, [0, 10]), Individual(1, [5, 5]), Individual(2, [6, 4]),
      Individual(3, [10, 0]), Individual(4, [3, 7]),
    ] {
      population.insert(individual)
    }
    // Distances of 4, 1 and 2, from left to right: 0.5 + 0.5, 0.3 + 0.3, 0.5 + 0.5.
    #expect(population.individuals.map(\.id.rawValue) == [0, 2, 3, 4])
  }

  @Test func `a dominated newcomer does not displace the front`() {
    var population = RankedPopulation(sizeMax: 2)
    for individual in [Individual(0, [0, 1]), Individual(1, [1, 0]), Individual(2, [1, 1])] {
      population.insert(individual)
    }
    #expect(population.individuals.map(\.id.rawValue) == [0, 1])
  }

  @Test func `of equally good individuals the elder goes`() {
    var population = RankedPopulation(sizeMax: 2)
    for number in 0..<5 { population.insert(Individual(number, [1, 1])) }
    #expect(population.individuals.map(\.id.rawValue) == [3, 4])
  }

  @Test func `the infeasible goes before the dominated`() {
    var population = RankedPopulation(sizeMax: 2)
    for individual in [
      Individual(0, [5, 5]), Individual(1, [0, 0], violation: 0.1), Individual(2, [6, 6]),
    ] {
      population.insert(individual)
    }
    #expect(population.individuals.map(\.id.rawValue) == [0, 2])
  }
}
