/// A fine-grained structured sparsity pattern that keeps N weights of every M.
///
/// Groups are M consecutive weights of a row of the (outputs × inputs) weight matrix. A last,
/// partial group of r inputs keeps min(N, r).
package struct NMPattern: Hashable, Sendable {
  /// The weights kept in a group, N.
  package let kept: Int
  /// The weights of a group, M.
  package let groupSize: Int

  /// The largest group size that the kernels and file formats accept.
  package static let groupSizeMax = 16

  /// The pattern that keeps every weight, written with the usual group of four.
  package static let dense = NMPattern(unchecked: 4, 4)

  /// Creates a pattern, or returns `nil` unless `1 ≤ kept ≤ groupSize ≤ 16`.
  package init?(kept: Int, groupSize: Int) {
    guard kept >= 1, groupSize >= kept else { return nil }
    guard groupSize <= Self.groupSizeMax else { return nil }
    self.init(unchecked: kept, groupSize)
  }

  /// Reads the usual notation, as in `2:4`, or returns `nil`; signs and leading zeros are refused,
  /// so that every pattern has one text.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let kept = Int(parts[0]), let groupSize = Int(parts[1]) else {
      return nil
    }
    self.init(kept: kept, groupSize: groupSize)
    guard description == text else { return nil }
  }

  private init(unchecked kept: Int, _ groupSize: Int) {
    self.kept = kept
    self.groupSize = groupSize
  }

  /// Whether the pattern keeps every weight.
  package var isDense: Bool { kept == groupSize }

  /// The kept fraction of the weights, in 0…1.
  package var density: Double { Double(kept) / Double(groupSize) }

  /// Returns how many of a row's `inputs` weights the pattern keeps: ⌊K/M⌋·N + min(K mod M, N).
  package func keptCount(ofInputs inputs: Int) -> Int {
    precondition(inputs >= 0)
    return inputs / groupSize * kept + min(inputs % groupSize, kept)
  }
}

extension NMPattern: CustomStringConvertible {
  /// The usual notation, as in `2:4`.
  package var description: String { "\(kept):\(groupSize)" }
}

extension NMPattern: Comparable {
  /// Orders patterns from sparsest to densest; equal densities by group size.
  package static func < (lhs: Self, rhs: Self) -> Bool {
    let left = lhs.kept * rhs.groupSize
    let right = rhs.kept * lhs.groupSize
    return left == right ? lhs.groupSize < rhs.groupSize : left < right
  }
}
