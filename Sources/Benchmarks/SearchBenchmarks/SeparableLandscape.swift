import EvolutionarySearch
import SparsityCore

/// A problem whose genes do not interact, so that dynamic programming finds its whole front.
///
/// Accuracy is 1 less what each choice loses; it is measured as independent images would be,
/// without losses.
package struct SeparableLandscape: SearchProblem {
  package let imageCount: Int
  /// What each choice of each gene loses.
  private let losses: [[Double]]
  /// What each choice of each gene costs.
  private let costs: [[Int]]
  private let seed: UInt64

  /// What every genome costs besides.
  private let fixedCost: Int
  /// The greatest cost of a gene in a knapsack.
  private static let knapsackCostMax = 40

  package var choiceCounts: [Int] { losses.map(\.count) }

  /// Counting ones and zeros (COCZ, Laumanns et al. 2004): of the first half of the genes ones are
  /// right and cost nothing, of the second half ones are right and zeros cost nothing.
  package init(onesZerosOf geneCount: Int, imageCount: Int, seed: UInt64) {
    let half = geneCount / 2
    losses = Array(repeating: [1 / Double(geneCount), 0], count: geneCount)
    costs = (0..<geneCount).map { $0 < half ? [1, 0] : [0, 1] }
    fixedCost = max(1, geneCount / 2)
    self.imageCount = imageCount
    self.seed = seed
  }

  /// A knapsack of four choices each: what costs more loses less, by chance more or less so.
  package init(knapsackOf geneCount: Int, imageCount: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var losses: [[Double]] = []
    var costs: [[Int]] = []
    for _ in 0..<geneCount {
      let size = generator.unitInterval()
      losses.append([3, 2, 1].map { size * size * (Double($0) + generator.unitInterval()) } + [0])
      let steps = (0..<4).map { _ in 1 + generator.index(below: Self.knapsackCostMax / 4) }
      costs.append(steps.indices.map { steps[...$0].reduce(0, +) })
    }
    let total = losses.reduce(0) { $0 + ($1.max() ?? 0) }
    self.losses = losses.map { $0.map { $0 / total } }
    self.costs = costs
    fixedCost = costs.reduce(0) { $0 + $1[0] }
    self.imageCount = imageCount
    self.seed = generator.next()
  }

  /// Returns the accuracy without noise: 1 less what all choices lose.
  package func accuracy(of genome: Genome) -> Double {
    genome.genes.enumerated().reduce(1) { $0 - losses[$1.offset][Int($1.element)] }
  }

  /// Returns what all choices cost, and every genome.
  package func cycles(of genome: Genome) -> Int {
    genome.genes.enumerated().reduce(fixedCost) { $0 + costs[$1.offset][Int($1.element)] }
  }

  /// Returns which of independent images are right.
  package func measure(_ genome: Genome) -> [SliceResult] {
    let accuracy = accuracy(of: genome)
    let code = genome.genes.reduce(seed) { $0 &* 0x1000_0000_01B3 ^ UInt64($1) }
    var generator = SeededGenerator(seed: code)
    return sliceSizes.map { size in
      var correct = BitVector(count: size)
      for place in 0..<size { correct[place] = generator.unitInterval() < accuracy }
      return SliceResult(correct: correct, summedLoss: nil)
    }
  }

  /// The whole front: for each cost the genome that loses least, by dynamic programming over genes.
  ///
  /// - Complexity: O(*g* · *c* · *n*) for *g* genes of *n* choices and costs up to *c*.
  package var bestGenomes: [Genome] {
    let costMax = costs.reduce(0) { $0 + ($1.max() ?? 0) }
    // By cost of the genes so far: what is lost at least, and the last gene's choice.
    var least = [Double](repeating: .infinity, count: costMax + 1)
    least[0] = 0
    var choices: [[UInt8]] = []
    for (losses, costs) in zip(losses, costs) {
      var next = [Double](repeating: .infinity, count: costMax + 1)
      var chosen = [UInt8](repeating: 0, count: costMax + 1)
      for (choice, (loss, cost)) in zip(losses, costs).enumerated() {
        for total in cost..<costMax + 1 where least[total - cost] + loss < next[total] {
          next[total] = least[total - cost] + loss
          chosen[total] = UInt8(choice)
        }
      }
      least = next
      choices.append(chosen)
    }
    var found: [Genome] = []
    var best = Double.infinity
    for cost in least.indices where least[cost] < best {
      best = least[cost]
      var genes: [UInt8] = []
      var rest = cost
      for gene in choices.indices.reversed() {
        let choice = choices[gene][rest]
        genes.append(choice)
        rest -= costs[gene][Int(choice)]
      }
      found.append(Genome(genes: genes.reversed()))
    }
    return found
  }
}
