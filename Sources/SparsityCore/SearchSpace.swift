/// The layers that a search decides about and the patterns that each may take.
public struct SearchSpace: Hashable, Sendable {
  /// The prunable layers, in network order.
  public let layers: [PrunableLayer]
  /// The levels: patterns from sparsest to densest, without repetition.
  public let patterns: [NMPattern]

  /// Creates a search space; patterns are sorted from sparsest to densest.
  ///
  /// - Precondition: at least one layer, 1 to 255 patterns, none twice.
  public init(layers: [PrunableLayer], patterns: [NMPattern]) {
    precondition(!layers.isEmpty)
    precondition(!patterns.isEmpty)
    precondition(patterns.count < 256)
    precondition(Set(patterns).count == patterns.count)
    self.layers = layers
    self.patterns = patterns.sorted()
  }

  /// The number of choices of each gene, in network order.
  public var choiceCounts: [Int] { layers.map { _ in patterns.count } }

  /// Whether `genome` has one known level for each layer.
  public func contains(_ genome: Genome) -> Bool {
    genome.genes.count == layers.count && genome.genes.allSatisfy { $0 < patterns.count }
  }

  /// Returns the pattern of each layer that `genome` chooses.
  ///
  /// - Precondition: ``contains(_:)``.
  public func patterns(of genome: Genome) -> [NMPattern] {
    precondition(contains(genome))
    return genome.genes.map { patterns[Int($0)] }
  }

  /// Returns the genome that chooses `assignment`, or `nil` if a pattern is not a level.
  public func genome(choosing assignment: [NMPattern]) -> Genome? {
    guard assignment.count == layers.count else { return nil }
    var genes: [UInt8] = []
    for pattern in assignment {
      guard let level = patterns.firstIndex(of: pattern) else { return nil }
      genes.append(UInt8(level))
    }
    return Genome(genes: genes)
  }

  /// Returns the text that names `genome` whatever the levels are, as in `qkv=2:4;proj=4:4`.
  ///
  /// Content hashes are taken of it, so its form is fixed.
  public func canonicalText(of genome: Genome) -> String {
    zip(layers, patterns(of: genome)).map { "\($0.name)=\($1)" }.joined(separator: ";")
  }
}
