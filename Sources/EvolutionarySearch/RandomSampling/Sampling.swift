import SparsityCore

/// Draws genomes whose totals spread over the whole space.
///
/// Independent fair genes make totals pile up in the middle: the mean choice of 48 genes hardly
/// ever leaves the central third. So each genome first takes a bias t in 0 ..< 1, and choice *l*
/// of *n* then has the weight tˡ·(1 − t)ⁿ⁻¹⁻ˡ. The biases of successive genomes form a
/// golden-ratio sequence, which covers the range evenly from the first few on.
package struct Sampling: Sendable {
  /// The number of choices of each gene.
  private let choiceCounts: [Int]
  /// The bias of genome 0, in units of 2⁻⁶⁴.
  private let offset: UInt64

  /// The fractional part of the golden ratio, in units of 2⁻⁶⁴.
  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// Creates the sampling of one search.
  package init(choiceCounts: [Int], seed: UInt64) {
    self.choiceCounts = choiceCounts
    var generator = SeededGenerator(seed: seed, stream: .max)
    offset = generator.next()
  }

  /// Returns the bias of the genome with a number.
  package func bias(of number: Int) -> Double {
    precondition(number >= 0)
    let position = offset &+ UInt64(number) &* Self.step
    return Double(position >> 11) * 0x1p-53
  }

  /// Returns a genome drawn with a bias.
  package func genome(bias: Double, using generator: inout SeededGenerator) -> Genome {
    precondition((0..<1).contains(bias))
    var genes: [UInt8] = []
    genes.reserveCapacity(choiceCounts.count)
    var weights: [Double] = []
    for count in choiceCounts {
      if weights.count != count { weights = Self.weights(choiceCount: count, bias: bias) }
      genes.append(Self.choice(weights: weights, using: &generator))
    }
    return Genome(genes: genes)
  }

  /// Returns the summed weights of the choices 0 ..< `choiceCount`; the last is their total.
  private static func weights(choiceCount: Int, bias: Double) -> [Double] {
    // Scaled by the larger side, so that the largest weight is 1 and none overflows.
    let isRising = bias >= 0.5
    let ratio = isRising ? (1 - bias) / bias : bias / (1 - bias)
    var weights = [1.0]
    for _ in 1..<choiceCount { weights.append(weights[weights.count - 1] * ratio) }
    if isRising { weights.reverse() }
    var sum = 0.0
    return weights.map { weight in
      sum += weight
      return sum
    }
  }

  /// Returns a choice drawn with summed weights.
  private static func choice(
    weights: [Double], using generator: inout SeededGenerator
  ) -> UInt8 {
    let position = generator.unitInterval() * weights[weights.count - 1]
    return UInt8(weights.firstIndex { position < $0 } ?? weights.count - 1)
  }
}
