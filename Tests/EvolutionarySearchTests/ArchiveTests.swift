import EvolutionarySearch
import SparsityCore
import Testing

struct ArchiveTests {
  @Test(arguments: 1...4, UInt64(0)..<30)
  func `it holds exactly the non-dominated, whatever the order`(
    objectiveCount: Int, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    let told = Individual.random(
      count: 80, objectiveCount: objectiveCount, gridSize: 10, violating: true,
      using: &generator)
    var archive = Archive()
    for index in generator.permutation(of: told.count) {
      let before = archive
      let isAdded = archive.insert(told[index])
      #expect(isAdded == (archive != before))
      #expect(isAdded == archive.individuals.contains(told[index]))
      #expect(archive.isConsistent)
    }
    let expected = told.filter { member in
      member.violation <= 0
        && !told.contains { other in
          other.violation <= 0
            && (dominates(other.objectives, member.objectives)
              || other.objectives == member.objectives && other.id < member.id)
        }
    }
    #expect(Set(archive.individuals) == Set(expected))
    #expect(archive.count == expected.count)
  }

  @Test(arguments: UInt64(0)..<20)
  func `its hypervolume never falls and equals that of all individuals told`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let told = Individual.random(count: 60, objectiveCount: 2, gridSize: 50, using: &generator)
    var archive = Archive()
    var last = 0.0
    for individual in told {
      archive.insert(individual)
      let volume = archive.hypervolume(referencePoint: [45, 45])
      #expect(volume >= last)
      last = volume
    }
    #expect(last == hypervolume(of: told.map(\.objectives), referencePoint: [45, 45]))
  }

  @Test func `the first proposed of equal individuals stays`() {
    var archive = Archive()
    let added = [5, 6, 3].map { archive.insert(Individual($0, [1, 1])) }
    #expect(added == [true, false, true])
    #expect(archive.individuals.map(\.id.rawValue) == [3])
  }

  @Test func `the infeasible never enters`() {
    var archive = Archive()
    let isAdded = archive.insert(Individual(0, [0, 0], violation: 1e-9))
    #expect(!isAdded)
    #expect(archive.count == 0)
  }
}
