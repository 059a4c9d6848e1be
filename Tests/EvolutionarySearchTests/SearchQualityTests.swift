import EvolutionarySearch
import SparsityCore
import Testing

struct SearchQualityTests {
  @Test func `NSGA-II beats random search on discrete ZDT1`() throws {
    let random = try ToyProblem.zdt1.medianHypervolume(
      .random, evaluations: 500, seeds: 1...7)
    let nsga2 = try ToyProblem.zdt1.medianHypervolume(.nsga2, evaluations: 500, seeds: 1...7)
    // The front itself, every tail variable 0, reaches 10.66.
    let front = (0..<32).map { step in
      ToyProblem.zdt1.objectives(Genome(genes: [UInt8(step)] + Array(repeating: 0, count: 9)))
    }
    let best = hypervolume(of: front, referencePoint: ToyProblem.zdt1.referencePoint)
    #expect(best - nsga2 < 0.25 * (best - random), "\(random) \(nsga2) \(best)")
  }

  @Test(arguments: [(48, 3), (24, 4)])
  func `NSGA-II beats random search on layer-wise sparsity`(
    layerCount: Int, levelCount: Int
  ) throws {
    let problem = ToyProblem.layerSparsity(
      layerCount: layerCount, levelCount: levelCount, seed: 11)
    let random = try problem.medianHypervolume(.random, evaluations: 500, seeds: 1...7)
    let nsga2 = try problem.medianHypervolume(.nsga2, evaluations: 500, seeds: 1...7)
    #expect(nsga2 > random + 0.02, "\(random) \(nsga2)")
  }

  @Test func `one objective alone is minimised`() throws {
    let counts = Array(repeating: 4, count: 12)
    var search = try Search(
      choiceCounts: counts, settings: SearchTests.settings(evaluations: 1500, objectives: 1))
    while let candidate = search.ask() {
      var distance = 0
      for (gene, choice) in candidate.genome.genes.enumerated() {
        distance += abs(Int(choice) - gene % 4)
      }
      try search.tell(candidate.id, objectives: [Double(distance)])
    }
    #expect(search.archive.individuals.map(\.objectives) == [[0]])
  }

  @Test func `a front of three objectives holds no dominated point`() throws {
    let counts = Array(repeating: 3, count: 15)
    var search = try Search(
      choiceCounts: counts, settings: SearchTests.settings(evaluations: 400, objectives: 3))
    var told: [[Double]] = []
    while let candidate = search.ask() {
      let genes = candidate.genome.genes.map { Double($0) }
      let objectives = [0, 5, 10].map { start -> Double in
        let sum = genes[start..<start + 5].reduce(0, +)
        return sum - genes[(start + 5) % 15]
      }
      told.append(objectives)
      try search.tell(candidate.id, objectives: objectives)
    }
    for member in search.archive.individuals {
      #expect(!told.contains { dominates($0, member.objectives) })
    }
    #expect(search.archive.isConsistent)
  }
}
