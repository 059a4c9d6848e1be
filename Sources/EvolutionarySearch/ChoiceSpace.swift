import SparsityCore

/// A space of finite choices: gene *i* takes one of `choiceCounts[i]` values.
struct ChoiceSpace: Hashable, Sendable {
  /// The number of choices of each gene.
  let choiceCounts: [Int]
  /// The number of genomes, or `nil` if it exceeds ``enumerableCountMax``.
  let enumerableCount: Int?

  /// The most genomes that are ever walked through one by one.
  static let enumerableCountMax = 1 << 14

  /// Creates a space.
  ///
  /// - Throws: ``SearchError`` unless there is a gene and each has 1…256 choices.
  init(choiceCounts: [Int]) throws(SearchError) {
    guard !choiceCounts.isEmpty else { throw .noGenes }
    for (gene, count) in choiceCounts.enumerated() where !(1...256).contains(count) {
      throw .unsupportedChoiceCount(gene: gene, count: count)
    }
    self.choiceCounts = choiceCounts
    var product: Int? = 1
    for count in choiceCounts {
      product = product.flatMap { $0 * count <= Self.enumerableCountMax ? $0 * count : nil }
    }
    enumerableCount = product
  }

  /// The number of genes.
  var geneCount: Int { choiceCounts.count }

  /// Whether `genome` has one known choice for each gene.
  func contains(_ genome: Genome) -> Bool {
    guard genome.genes.count == choiceCounts.count else { return false }
    return zip(genome.genes, choiceCounts).allSatisfy { Int($0) < $1 }
  }

  /// Returns genome number `index` of an enumerable space; gene 0 changes fastest.
  func genome(at index: Int) -> Genome {
    precondition(index >= 0)
    var rest = index
    let genes = choiceCounts.map { count in
      defer { rest /= count }
      return UInt8(rest % count)
    }
    precondition(rest == 0)
    return Genome(genes: genes)
  }
}
