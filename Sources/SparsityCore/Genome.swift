/// One pattern choice per prunable layer: the index of a level of a ``SearchSpace``.
public struct Genome: Hashable, Sendable {
  /// The chosen level of each layer, in network order.
  public var genes: [UInt8]

  /// Creates a genome from one level index per layer.
  public init(genes: [UInt8]) {
    self.genes = genes
  }

  /// Creates a genome that chooses the same level for every layer.
  public init(uniform level: Int, layerCount: Int) {
    precondition((0..<256).contains(level))
    self.genes = Array(repeating: UInt8(level), count: layerCount)
  }
}

extension Genome: Comparable {
  /// Orders genomes lexicographically, shorter ones first when one is the other's prefix.
  public static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.genes.lexicographicallyPrecedes(rhs.genes)
  }
}
