import EvolutionarySearch
import SparsityCore
import Testing

struct SearchSettingsTests {
  private func refusal(
    counts: [Int] = [3, 3], _ change: (inout SearchSettings) -> Void = { _ in }
  ) -> SearchError? {
    var settings = SearchTests.settings()
    change(&settings)
    return #expect(throws: SearchError.self) {
      try Search(choiceCounts: counts, settings: settings)
    }
  }

  @Test func `impossible spaces are refused`() {
    #expect(refusal(counts: []) == .noGenes)
    #expect(refusal(counts: [3, 0]) == .unsupportedChoiceCount(gene: 1, count: 0))
    #expect(refusal(counts: [257]) == .unsupportedChoiceCount(gene: 0, count: 257))
  }

  @Test func `impossible settings are refused by name and value`() {
    #expect(
      refusal { $0.populationSize = 1 }?.description
        == "the population is 1; it must lie in 2…10000")
    #expect(
      refusal { $0.evaluationCountMax = 0 }?.description
        == "the number of evaluations is 0; it must lie in 1…10000000")
    #expect(
      refusal { $0.objectiveCount = 9 }?.description
        == "the number of objectives is 9; it must lie in 1…8")
    #expect(
      refusal { $0.crossoverProbability = 1.5 }
        == .notAProbability(name: "the crossover probability", value: 1.5))
    #expect(
      refusal { $0.mutationProbability = -0.1 }
        == .notAProbability(name: "the mutation probability", value: -0.1))
    #expect(
      refusal { $0.initial = [Genome(genes: [2, 2]), Genome(genes: [2, 3])] }
        == .initialGenomeOutsideSpace(index: 1))
  }

  @Test(arguments: [
    (50, 1000, 0, 50), (50, 60, 0, 15), (50, 60, 20, 20), (10, 4, 0, 2), (50, 200, 0, 50),
  ])
  func `sampling takes a population, but at most a quarter of the evaluations`(
    population: Int, evaluations: Int, initialCount: Int, expected: Int
  ) {
    let settings = SearchTests.settings(
      population: population, evaluations: evaluations,
      initial: (0..<initialCount).map { Genome(genes: [UInt8($0)]) })
    #expect(settings.samplingCount == expected)
  }
}
