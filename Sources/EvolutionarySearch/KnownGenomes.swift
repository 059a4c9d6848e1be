import SparsityCore

/// The genomes that were ever proposed, in 16 bytes each; only asked for membership.
///
/// If a space has at most 2¹²⁸ genomes, each is kept as its number in the space (gene 0 counts
/// most), so the set is exact: 48 layers with 6 patterns, or 80 with 3, are such spaces. A larger
/// space keeps fingerprints of 128 bits. Two different genomes then share one with a probability of
/// *n*² / 2¹²⁹ over *n* proposals, 10⁻²⁵ for the ten million that a search may have; and if they
/// did, the later one would only never be offered. No proposal and no result can be lost or
/// repeated by it. Neither numbers nor fingerprints depend on the process, so a journal is replayed
/// the same way.
package struct KnownGenomes: Sendable {
  /// Whether different genomes surely have different codes.
  package let isExact: Bool
  private let choiceCounts: [Int]
  /// The largest number of the space, if numbers are kept.
  private let largest: GenomeCode?
  private var proposed = GenomeCodeSet()

  /// Creates an empty set for a space of `choiceCounts[i]` choices for gene *i*.
  package init(choiceCounts: [Int]) {
    precondition(choiceCounts.allSatisfy { RunLimits.choiceRange.contains($0) })
    self.choiceCounts = choiceCounts
    // The largest number of the space, unless it needs more than 128 bits.
    var largest: GenomeCode? = GenomeCode()
    for count in choiceCounts {
      largest = largest.flatMap { Self.appending(UInt64(count - 1), of: UInt64(count), to: $0) }
    }
    isExact = largest != nil
    self.largest = largest
  }

  /// Creates the set of some codes, or returns `nil` if two are equal or one is of another space.
  ///
  /// - Complexity: O(*n*) for *n* codes.
  package init?(choiceCounts: [Int], codes: GenomeCodes) {
    self.init(choiceCounts: choiceCounts)
    guard let proposed = GenomeCodeSet(codes) else { return nil }
    self.proposed = proposed
    guard let largest else { return }
    var isInSpace = true
    codes.forEach { isInSpace = isInSpace && $0 <= largest }
    guard isInSpace else { return nil }
  }

  /// The number of genomes.
  package var count: Int { proposed.count }

  /// The genomes' codes in the order of proposal.
  package var codes: GenomeCodes { proposed.codes }

  /// Whether a genome was proposed.
  ///
  /// - Complexity: O(*g*) for *g* genes.
  package func contains(_ genome: Genome) -> Bool {
    code(of: genome).map { proposed.contains($0) } ?? false
  }

  /// Adds a genome.
  ///
  /// - Precondition: it lies in the space.
  package mutating func insert(_ genome: Genome) {
    guard let code = code(of: genome) else { preconditionFailure("a genome outside the space") }
    proposed.insert(code)
  }

  /// Returns a genome's code, or `nil` if it does not lie in the space.
  private func code(of genome: Genome) -> GenomeCode? {
    guard genome.genes.count == choiceCounts.count else { return nil }
    var code = GenomeCode()
    for (gene, count) in zip(genome.genes, choiceCounts) {
      guard Int(gene) < count else { return nil }
      code =
        (isExact ? Self.appending(UInt64(gene), of: UInt64(count), to: code) : nil)
        ?? Self.mixing(UInt64(gene), into: code)
    }
    return code
  }

  /// Returns `code` · `count` + `digit`, or `nil` if that needs more than 128 bits.
  private static func appending(
    _ digit: UInt64, of count: UInt64, to code: GenomeCode
  ) -> GenomeCode? {
    let low = code.low.multipliedFullWidth(by: count)
    let high = code.high.multipliedReportingOverflow(by: count)
    let sum = low.low.addingReportingOverflow(digit)
    let carried = high.partialValue.addingReportingOverflow(low.high)
    let carriedTwice = carried.partialValue.addingReportingOverflow(sum.overflow ? 1 : 0)
    guard !high.overflow, !carried.overflow, !carriedTwice.overflow else { return nil }
    return GenomeCode(high: carriedTwice.partialValue, low: sum.partialValue)
  }

  /// Returns a fingerprint that another gene was mixed into.
  ///
  /// The two halves are independent chains of SplitMix64's finalizer (Steele et al. 2014).
  private static func mixing(_ gene: UInt64, into code: GenomeCode) -> GenomeCode {
    GenomeCode(
      high: finalized(code.high &+ 0x9e37_79b9_7f4a_7c15 &* (gene + 1)),
      low: finalized((code.low ^ 0xd1b5_4a32_d192_ed03) &+ 0x8cb9_2ba7_2f3d_8dd7 &* (gene + 1)))
  }

  private static func finalized(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }
}
