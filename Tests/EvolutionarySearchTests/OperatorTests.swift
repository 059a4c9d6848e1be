import EvolutionarySearch
import SparsityCore
import Testing

struct SamplingTests {
  private let sampling = Sampling(choiceCounts: [5, 5, 2, 1, 5], seed: 3)

  @Test func `the biases of any eight successive samples leave no wide gap`() {
    for first in 0..<200 {
      let biases = (first..<first + 8).map { sampling.bias(of: $0) }.sorted()
      let gaps = zip(biases.dropFirst(), biases).map { $0 - $1 }
      #expect(gaps.allSatisfy { $0 < 0.24 })
      #expect(biases[0] < 0.24)
      #expect(biases[7] > 0.76)
    }
  }

  @Test(arguments: [(0.0, 0.0), (0.25, 0.118), (0.5, 0.5), (0.75, 0.882), (0.999_999, 1.0)])
  func `a bias gives the mean choice of its weights`(bias: Double, expected: Double) {
    // Weights 1, 1/3, 1/9, 1/27, 1/81 at a bias of a quarter: a mean of 0.118 of the last choice.
    var generator = SeededGenerator(seed: 4)
    let drawCount = 4000
    var sum = 0
    for _ in 0..<drawCount {
      let genes = sampling.genome(bias: bias, using: &generator).genes
      #expect(genes[3] == 0)
      sum += Int(genes[0]) + Int(genes[1]) + Int(genes[4])
    }
    #expect(abs(Double(sum) / Double(12 * drawCount) - expected) < 0.01)
  }
}

struct CrossoverTests {
  @Test func `a child has about half of each parent's genes, in place`() {
    let crossover = UniformCrossover(probability: 1)
    let first = Genome(genes: (0..<200).map { UInt8($0 % 100) })
    let second = Genome(genes: (0..<200).map { UInt8(100 + $0 % 100) })
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<50 {
      let child = crossover.child(of: first, second, using: &generator)
      for gene in 0..<200 {
        #expect(child.genes[gene] == first.genes[gene] || child.genes[gene] == second.genes[gene])
      }
      let taken = (0..<200).count { child.genes[$0] == second.genes[$0] }
      // Five standard deviations of 200 fair draws.
      #expect((65...135).contains(taken))
    }
  }

  @Test func `without crossover the child is the first parent`() {
    let crossover = UniformCrossover(probability: 0)
    var generator = SeededGenerator(seed: 1)
    let child = crossover.child(
      of: Genome(genes: [1, 2]), Genome(genes: [3, 4]), using: &generator)
    #expect(child.genes == [1, 2])
  }
}

struct MutationTests {
  @Test func `a mutated gene takes each of its other choices equally often`() {
    let mutation = ChoiceMutation(choiceCounts: [4, 1, 2], probability: 1)
    var generator = SeededGenerator(seed: 2)
    var counts = [Int](repeating: 0, count: 4)
    for _ in 0..<3000 {
      var genome = Genome(genes: [2, 0, 1])
      mutation.mutate(&genome, strength: 1, using: &generator)
      #expect(Array(genome.genes.dropFirst()) == [0, 0])
      counts[Int(genome.genes[0])] += 1
    }
    #expect(counts[2] == 0)
    // Five standard deviations of 3000 draws at a third.
    #expect([0, 1, 3].allSatisfy { abs(counts[$0] - 1000) < 130 })
  }

  @Test(arguments: [(1.0, 500.0), (3.0, 1500.0), (0.0, 0.0), (100.0, 5000.0)])
  func `strength multiplies the probability up to certainty`(strength: Double, expected: Double) {
    let mutation = ChoiceMutation(
      choiceCounts: Array(repeating: 3, count: 50), probability: 0.1)
    var generator = SeededGenerator(seed: 2)
    var changed = 0
    for _ in 0..<100 {
      var genome = Genome(uniform: 1, count: 50)
      mutation.mutate(&genome, strength: strength, using: &generator)
      changed += genome.genes.count { $0 != 1 }
    }
    #expect(abs(Double(changed) - expected) < 170)
  }
}

struct RepairTests {
  private func sum(_ genome: Genome) -> Double { genome.genes.reduce(0) { $0 + Double($1) } }

  @Test func `a feasible genome is left alone`() {
    let repair = DescentRepair(choiceCounts: [3, 3, 3])
    var generator = SeededGenerator(seed: 1)
    var genome = Genome(genes: [2, 1, 0])
    var callCount = 0
    let isFeasible = repair.repair(&genome, using: &generator) { _ in
      callCount += 1
      return 0
    }
    #expect(isFeasible)
    #expect(genome.genes == [2, 1, 0])
    #expect(callCount == 1)
  }

  @Test(arguments: UInt64(0)..<20)
  func `an infeasible genome is changed only as far as needed`(seed: UInt64) {
    let repair = DescentRepair(choiceCounts: Array(repeating: 2, count: 30))
    var generator = SeededGenerator(seed: seed)
    var genome = Genome(uniform: 1, count: 30)
    let isFeasible = repair.repair(&genome, using: &generator) { sum($0) - 19 }
    #expect(isFeasible)
    #expect(sum(genome) == 19)
  }

  @Test func `what cannot be met gets as near as single changes lead`() {
    let repair = DescentRepair(choiceCounts: [3, 3, 3])
    var generator = SeededGenerator(seed: 1)
    var genome = Genome(genes: [2, 2, 2])
    let isFeasible = repair.repair(&genome, using: &generator) { sum($0) + 1 }
    #expect(!isFeasible)
    #expect(genome.genes == [0, 0, 0])
  }
}

struct SelectionTests {
  /// Fronts of two, one and one; the wide front has an extreme on each side.
  private func population() -> RankedPopulation {
    var population = RankedPopulation(sizeMax: 10)
    for individual in [
      Individual(0, [0, 1]), Individual(1, [1, 0]), Individual(2, [2, 2]), Individual(3, [3, 3]),
    ] {
      population.insert(individual)
    }
    return population
  }

  @Test func `the better rank wins, so the last never does and the first often`() {
    let population = population()
    var generator = SeededGenerator(seed: 6)
    var wins = [Int](repeating: 0, count: 4)
    for _ in 0..<6000 {
      wins[BinaryTournament().winner(in: population, using: &generator)] += 1
    }
    #expect(wins[3] == 0)
    // Of the six pairs, number 2 wins one; five standard deviations.
    #expect(abs(wins[2] - 1000) < 145)
    #expect(abs(wins[0] - 2500) < 190)
  }

  @Test func `in one front the less crowded wins`() {
    var population = RankedPopulation(sizeMax: 10)
    for individual in [
      Individual(0, [0, 9]), Individual(1, [4, 5]), Individual(2, [5, 4]), Individual(3, [9, 0]),
      Individual(4, [4.5, 4.5]),
    ] {
      population.insert(individual)
    }
    var generator = SeededGenerator(seed: 6)
    var wins = [Int](repeating: 0, count: 5)
    for _ in 0..<3000 {
      wins[BinaryTournament().winner(in: population, using: &generator)] += 1
    }
    #expect(wins[4] == 0)
    #expect(wins[0] > wins[1] && wins[3] > wins[2])
  }

  @Test func `parents differ if there are two to choose from`() {
    let population = population()
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<200 {
      let (first, second) = BinaryTournament().parents(in: population, using: &generator)
      #expect(first != second)
    }
    var single = RankedPopulation(sizeMax: 3)
    single.insert(Individual(0, [1, 1]))
    let (first, second) = BinaryTournament().parents(in: single, using: &generator)
    #expect((first, second) == (0, 0))
  }
}
