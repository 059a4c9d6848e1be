import SparsityCore

/// Binary tournament by rank, then crowding distance, then chance.
package struct BinaryTournament: Sendable {
  /// Creates the search operator.
  package init() {}

  /// Returns the place of the winner of two distinct random individuals.
  package func winner(in population: RankedPopulation, using generator: inout SeededGenerator)
    -> Int
  {
    let count = population.individuals.count
    precondition(count > 0)
    let first = generator.index(below: count)
    guard count > 1 else { return first }
    let other = generator.index(below: count - 1)
    let second = other < first ? other : other + 1
    if population.ranks[first] != population.ranks[second] {
      return population.ranks[first] < population.ranks[second] ? first : second
    }
    if population.distances[first] != population.distances[second] {
      return population.distances[first] > population.distances[second] ? first : second
    }
    return generator.index(below: 2) == 0 ? first : second
  }

  /// Returns the places of two parents, distinct if the population allows.
  package func parents(
    in population: RankedPopulation, using generator: inout SeededGenerator
  ) -> (Int, Int) {
    let first = winner(in: population, using: &generator)
    var second = winner(in: population, using: &generator)
    for _ in 0..<8 where second == first { second = winner(in: population, using: &generator) }
    return (first, second)
  }
}
