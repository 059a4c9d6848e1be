import EvolutionarySearch
import Foundation
import SparsityCore
import Testing

/// What the Bayesian search is made of.
struct EffectModelTests {
  @Test func `logarithm and exponential are those of the C library, nearly to the last digit`() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<2_000 {
      let exponent = 200 * (generator.unitInterval() - 0.5)
      let value = exp(exponent)
      #expect(abs(ExactLogarithm.logarithm(value) - log(value)) <= 1e-13 * max(1, abs(exponent)))
      #expect(abs(ExactLogarithm.exponential(exponent) / value - 1) < 1e-12)
    }
    #expect(ExactLogarithm.logarithm(1) == 0)
    #expect(ExactLogarithm.exponential(0) == 1)
    #expect(ExactLogarithm.exponential(-800) == 0)
  }

  @Test func `a factor solves what it was made of, and knows its determinant`() {
    var generator = SeededGenerator(seed: 2)
    let size = 17
    let root = (0..<size * size).map { _ in generator.unitInterval() - 0.5 }
    var matrix = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0..<size {
        for inner in 0..<size {
          matrix[row * size + column] += root[inner * size + row] * root[inner * size + column]
        }
      }
      matrix[row * size + row] += 1
    }
    let factor = SymmetricFactor(matrix, size: size)
    let right = (0..<size).map { Double($0) - 3 }
    let solution = factor.solve(right)
    for row in 0..<size {
      let product = (0..<size).reduce(0) { $0 + matrix[row * size + $1] * solution[$1] }
      #expect(abs(product - right[row]) < 1e-9)
    }
    let diagonal = SymmetricFactor([4, 0, 0, 9], size: 2)
    #expect(abs(diagonal.logarithmOfDeterminant - log(36)) < 1e-12)
  }

  @Test func `no genome of a path is beaten by any other of the space`() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<40 {
      let losses = (0..<5).map { _ in (0..<3).map { _ in generator.unitInterval() } }
      let costs = (0..<5).map { _ in (0..<3).map { _ in Double(generator.index(below: 6)) } }
      func sum(_ table: [[Double]], _ genome: Genome) -> Double {
        zip(table, genome.genes).reduce(0) { $0 + $1.0[Int($1.1)] }
      }
      let all = (0..<243).map { number in
        Genome(genes: [1, 3, 9, 27, 81].map { UInt8(number / $0 % 3) })
      }
      let path = TradeOffPath(losses: losses, costs: costs).genomes
      for genome in path {
        let (loss, cost) = (sum(losses, genome), sum(costs, genome))
        let isBeaten = all.contains {
          sum(losses, $0) < loss - 1e-12 && sum(costs, $0) <= cost
            || sum(losses, $0) <= loss && sum(costs, $0) < cost - 1e-12
        }
        #expect(!isBeaten)
      }
      for (before, after) in zip(path, path.dropFirst()) {
        #expect(sum(costs, after) < sum(costs, before))
      }
      #expect(abs(sum(losses, path[0]) - (all.map { sum(losses, $0) }.min() ?? 0)) < 1e-12)
    }
  }

  @Test(arguments: [2, 3, 4])
  func `a gain is what the hypervolume grows by`(objectiveCount: Int) {
    var generator = SeededGenerator(seed: 4)
    let reference = [Double](repeating: 0.8, count: objectiveCount)
    for count in [0, 1, 5, 20] {
      let points = (0..<count).map { _ in
        (0..<objectiveCount).map { _ in generator.unitInterval() }
      }
      let front = HypervolumeGain(of: points, referencePoint: reference)
      for _ in 0..<20 {
        let point = (0..<objectiveCount).map { _ in generator.unitInterval() }
        let grown =
          hypervolume(of: points + [point], referencePoint: reference)
          - hypervolume(of: points, referencePoint: reference)
        #expect(abs(front.gain(of: point) - grown) < 1e-12)
      }
    }
  }

  @Test(arguments: LossScale.degrees)
  func `a loss comes back from what it adds up on`(degree: Double) {
    let scale = LossScale(least: 0.75, degree: degree)
    for loss in [0.75, 0.76, 0.9, 2, 7] {
      let sum = scale.sum(of: loss)
      #expect(abs(scale.loss(of: sum) - loss) < 1e-9)
      let slope = (scale.sum(of: loss + 1e-6) - sum) / 1e-6
      #expect(abs(slope / scale.slope(at: loss) - 1) < 1e-3)
    }
  }

  /// Results of planted effects, whose sum to a power is what is lost.
  private static func evidence(
    degree: Double, layout: EffectLayout, space: ChoiceSpace, hasLosses: Bool
  ) -> [LossModel.Evidence] {
    var generator = SeededGenerator(seed: 5)
    return (0..<150).map { number in
      let genome = Genome(
        genes: space.choiceCounts.map { count in
          number < 4 ? UInt8(min(number, count - 1)) : UInt8(generator.index(below: count))
        })
      let sum = genome.genes.enumerated().reduce(0.0) {
        $0 + 0.03 * Double(1 + $1.offset % 4) * Double(3 - Int($1.element))
      }
      let rise = pow(sum, degree)
      return LossModel.Evidence(
        effects: layout.effects(of: genome), share: 0.85 * exp(-0.25 * rise), imageCount: 5_000,
        meanLoss: hasLosses ? 0.7 + rise : nil)
    }
  }

  @Test(arguments: [1.0, 2.0])
  func `the degree that adds up is found, and what choices lose`(degree: Double) throws {
    let space = try ChoiceSpace(choiceCounts: Array(repeating: 4, count: 12))
    let layout = EffectLayout(space)
    let evidence = Self.evidence(degree: degree, layout: layout, space: space, hasLosses: true)
    #expect(abs(LossModel.degree(of: evidence, layout: layout) - degree) <= 0.5)
    let model = LossModel(evidence, layout: layout, degree: degree)
    var generator = SeededGenerator(seed: 6)
    let sample = model.sample(temperature: 0, using: &generator)
    for genes: [UInt8] in [Array(repeating: 3, count: 12), Array(repeating: 2, count: 12)] {
      let lost = genes.enumerated().reduce(0.0) {
        $0 + 0.03 * Double(1 + $1.offset % 4) * Double(3 - Int($1.element))
      }
      let expected = 0.85 * exp(-0.25 * pow(lost, degree))
      #expect(abs(-sample.objective(of: Genome(genes: genes)) - expected) < 0.03)
    }
    for row in sample.table {
      #expect(row == row.sorted(by: >), "a choice nearer to the last loses no more")
      #expect(row.last == 0)
    }
  }
}
