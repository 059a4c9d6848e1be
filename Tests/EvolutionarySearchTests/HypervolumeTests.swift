import EvolutionarySearch
import SparsityCore
import Testing

struct HypervolumeTests {
  @Test func `one objective gives the distance of the best point`() {
    #expect(hypervolume(of: [[3], [1], [2]], referencePoint: [5]) == 4)
    #expect(hypervolume(of: [], referencePoint: [5]) == 0)
  }

  @Test func `two objectives give the area under a staircase`() {
    // Columns of width 1, 2 and 1 with heights 1, 3 and 4 below the reference (5, 5).
    let points = [[1.0, 4.0], [2.0, 2.0], [4.0, 1.0]]
    let area = hypervolume(of: points, referencePoint: [5, 5])
    #expect(area == 1 + 6 + 4)
  }

  @Test func `three objectives give the union of two boxes`() {
    // 3·2·1 + 1·3·2, less the shared 1·2·1.
    let points = [[0.0, 1.0, 2.0], [2.0, 0.0, 1.0]]
    #expect(hypervolume(of: points, referencePoint: [3, 3, 3]) == 6 + 6 - 2)
  }

  @Test func `four objectives give the union of two boxes`() {
    // 2·2·1·1 + 1·1·2·2, less the shared 1.
    let points = [[0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]]
    #expect(hypervolume(of: points, referencePoint: [2, 2, 2, 2]) == 4 + 4 - 1)
  }

  @Test func `points on or beyond the reference point add nothing`() {
    let points = [[1.0, 1.0], [0.0, 3.0], [-5.0, 4.0], [3.0, 0.0], [.nan, 0.0]]
    #expect(hypervolume(of: points, referencePoint: [3, 3]) == 4)
    #expect(hypervolume(of: [[3.0, 3.0]], referencePoint: [3, 3]) == 0)
  }

  @Test func `dominated points and repetitions add nothing`() {
    let points = [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [2.0, 1.0, 1.0], [2.5, 2.5, 2.5]]
    #expect(hypervolume(of: points, referencePoint: [3, 3, 3]) == 8)
  }

  @Test(arguments: 1...5, UInt64(0)..<20)
  func `on a grid it is the exact number of dominated cells`(
    objectiveCount: Int, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    let side = 5
    let points = Individual.random(
      count: 1 + generator.index(below: 15), objectiveCount: objectiveCount, gridSize: side + 2,
      using: &generator
    ).map(\.objectives)
    var cells = [[Double]()]
    for _ in 0..<objectiveCount {
      cells = cells.flatMap { cell in (0..<side).map { cell + [Double($0)] } }
    }
    let dominated = cells.count { cell in
      points.contains { zip($0, cell).allSatisfy { $0 <= $1 } }
    }
    let volume = hypervolume(
      of: points, referencePoint: Array(repeating: Double(side), count: objectiveCount))
    #expect(volume == Double(dominated))
  }

  @Test(arguments: 2...4, UInt64(0)..<5)
  func `it agrees with a count of random points`(objectiveCount: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed, stream: UInt64(objectiveCount))
    let points = (0..<20).map { _ in
      (0..<objectiveCount).map { _ in generator.unitInterval() }
    }
    let drawCount = 20_000
    var dominated = 0
    for _ in 0..<drawCount {
      let draw = (0..<objectiveCount).map { _ in generator.unitInterval() }
      if points.contains(where: { zip($0, draw).allSatisfy { $0 <= $1 } }) { dominated += 1 }
    }
    let volume = hypervolume(
      of: points, referencePoint: Array(repeating: 1, count: objectiveCount))
    let share = Double(dominated) / Double(drawCount)
    // Four standard deviations of a binomial share.
    let tolerance = 4 * (volume * (1 - volume) / Double(drawCount)).squareRoot()
    #expect(abs(volume - share) < tolerance)
  }

  @Test(arguments: 1...5, UInt64(0)..<20)
  func `it does not depend on the order of the points`(objectiveCount: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    // Sevenths: ties are common and sums are not exact.
    let points = (0..<12).map { _ in
      (0..<objectiveCount).map { _ in Double(generator.index(below: 7)) / 7 }
    }
    let reference = Array(repeating: 0.9, count: objectiveCount)
    let shuffled = generator.permutation(of: points.count).map { points[$0] }
    #expect(
      hypervolume(of: points, referencePoint: reference)
        == hypervolume(of: shuffled, referencePoint: reference))
  }

  @Test(arguments: 1...5, UInt64(0)..<20)
  func `it never falls when a point is added`(objectiveCount: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let reference = Array(repeating: 60.0, count: objectiveCount)
    var points: [[Double]] = []
    var last = 0.0
    // Integers, so that sums are exact.
    for individual in Individual.random(
      count: 15, objectiveCount: objectiveCount, gridSize: 64, using: &generator)
    {
      points.append(individual.objectives)
      let volume = hypervolume(of: points, referencePoint: reference)
      #expect(volume >= last)
      last = volume
    }
    #expect(last > 0)
  }
}
