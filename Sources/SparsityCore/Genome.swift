/// One choice for each decision of a ``SearchSpace``, by its place among the decision's choices.
package struct Genome: Hashable, Sendable {
  /// The place of each choice, in the order of the decisions.
  package var genes: [UInt8]

  /// Creates a genome from one place for each decision.
  package init(genes: [UInt8]) {
    self.genes = genes
  }

  /// Creates a genome that chooses the same place for every decision.
  package init(uniform place: Int, count: Int) {
    precondition((0..<256).contains(place))
    self.genes = Array(repeating: UInt8(place), count: count)
  }
}

extension Genome: Comparable {
  /// Orders genomes lexicographically, shorter ones first when one is the other's prefix.
  package static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.genes.lexicographicallyPrecedes(rhs.genes)
  }
}
