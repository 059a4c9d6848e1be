import SparsityCore

/// Which effect belongs to which choice: an intercept, then one effect for each choice but the last
/// of its decision, to which others are compared.
package struct EffectLayout: Hashable, Sendable {
  /// The number of effects, the intercept among them.
  let count: Int
  /// The effects of each decision: that of choice *c* stands *m* - 2 - *c* places behind the first,
  /// for *m* choices.
  let ranges: [Range<Int>]
  /// How far the choice of each effect is from the last one, from 1; 0 for the intercept.
  let distances: [Int]

  /// The most effects that are learned one by one.
  static let countMax = 600
  /// The greatest distance that is told from others.
  static let distanceMax = 15

  /// Lays out the effects of a space.
  package init(_ space: ChoiceSpace) {
    var ranges: [Range<Int>] = []
    var distances = [0]
    let last = space.expand(Genome(genes: space.choiceCounts.map { UInt8($0 - 1) }))
    for (decision, choiceCount) in space.choiceCounts.enumerated() {
      let start = distances.count
      for choice in stride(from: choiceCount - 2, through: 0, by: -1) {
        var genes = space.choiceCounts.map { UInt8($0 - 1) }
        genes[decision] = UInt8(choice)
        let gene = space.expand(Genome(genes: genes)).genes[decision]
        distances.append(min(Self.distanceMax, Int(last.genes[decision]) - Int(gene)))
      }
      ranges.append(start..<distances.count)
    }
    self.ranges = ranges
    self.distances = distances
    count = distances.count
  }

  /// Returns the effects that a compact genome has, the intercept first.
  package func effects(of genome: Genome) -> [Int] {
    [0]
      + zip(genome.genes, ranges).compactMap { gene, range in
        let place = range.count - 1 - Int(gene)
        return place < 0 ? nil : range.lowerBound + place
      }
  }

  /// Returns the effect of each choice of a decision, 0 for the last.
  func choices(of decision: Int, in effects: [Double]) -> [Double] {
    ranges[decision].reversed().map { effects[$0] } + [0]
  }
}
