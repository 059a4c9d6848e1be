import SparsityCore

/// A space of finite choices: gene *i* takes one of `choiceCounts[i]` values.
///
/// Some choices may be left out. Search operators then see the remaining ones, numbered from 0: a
/// compact genome, which ``expand(_:)`` turns into one of the whole space.
package struct ChoiceSpace: Hashable, Sendable {
  /// The number of choices of each gene that are not left out.
  package let choiceCounts: [Int]
  /// The choices of each gene that are not left out, in order; `nil` if none is.
  private let allowed: [[UInt8]]?
  /// The number of genomes, or `nil` if it exceeds ``enumerableCountMax``.
  package let enumerableCount: Int?

  /// The most genomes that are ever walked through one by one.
  static let enumerableCountMax = 1 << 14

  /// Creates a space.
  ///
  /// - Throws: ``SearchError`` unless there is a gene and each has 1 to 256 choices, of which one
  ///   at least is allowed.
  package init(choiceCounts: [Int], allowed: [[UInt8]]? = nil) throws(SearchError) {
    guard !choiceCounts.isEmpty else { throw .noGenes }
    for (gene, count) in choiceCounts.enumerated() where !RunLimits.choiceRange.contains(count) {
      throw .unsupportedChoiceCount(gene: gene, count: count)
    }
    if let allowed {
      guard allowed.count == choiceCounts.count else {
        throw .allowedChoiceCount(genes: allowed.count, expected: choiceCounts.count)
      }
      for (gene, choices) in allowed.enumerated() {
        let isRising = zip(choices, choices.dropFirst()).allSatisfy { $0 < $1 }
        guard isRising, let last = choices.last, last < choiceCounts[gene] else {
          throw .noAllowedChoices(gene: gene)
        }
      }
    }
    self.allowed = allowed
    let choiceCounts = allowed?.map(\.count) ?? choiceCounts
    self.choiceCounts = choiceCounts
    var product: Int? = 1
    for count in choiceCounts {
      product = product.flatMap { $0 * count <= Self.enumerableCountMax ? $0 * count : nil }
    }
    enumerableCount = product
  }

  /// The number of genes.
  package var geneCount: Int { choiceCounts.count }

  /// Whether `genome` has one known choice for each gene.
  package func contains(_ genome: Genome) -> Bool {
    guard genome.genes.count == choiceCounts.count else { return false }
    if let allowed { return zip(genome.genes, allowed).allSatisfy { $1.contains($0) } }
    return zip(genome.genes, choiceCounts).allSatisfy { Int($0) < $1 }
  }

  /// Returns the genome of the whole space that a compact one means.
  package func expand(_ genome: Genome) -> Genome {
    guard let allowed else { return genome }
    return Genome(genes: zip(genome.genes, allowed).map { $1[Int($0)] })
  }

  /// Returns the compact form of a genome that lies in the space.
  package func compact(_ genome: Genome) -> Genome {
    guard let allowed else { return genome }
    return Genome(
      genes: zip(genome.genes, allowed).map { gene, choices in
        guard let place = choices.firstIndex(of: gene) else {
          preconditionFailure("choice \(gene) is left out")
        }
        return UInt8(place)
      })
  }

  /// Returns compact genome number `index` of an enumerable space; gene 0 changes fastest.
  package func genome(at index: Int) -> Genome {
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
