import SparsityCore

/// What a candidate has made of one slice of the images.
package struct SliceResult: Hashable, Sendable {
  /// Which images were classified correctly.
  package let correct: BitVector
  /// The sum of the images' losses; `nil` if it is not known.
  package let summedLoss: Double?

  package init(correct: BitVector, summedLoss: Double?) {
    self.correct = correct
    self.summedLoss = summedLoss
  }
}

/// What one of two candidates has right and the other has not, on the same images.
struct PairedCount: Hashable {
  private(set) var images = 0
  /// The images that only the first has right.
  private(set) var firstOnly = 0
  /// The images that only the second has right.
  private(set) var secondOnly = 0

  /// Adds a slice that both have measured.
  mutating func add(_ first: BitVector, _ second: BitVector) {
    precondition(first.count == second.count)
    images += first.count
    for (ours, theirs) in zip(first.bytes, second.bytes) {
      firstOnly += (ours & ~theirs).nonzeroBitCount
      secondOnly += (theirs & ~ours).nonzeroBitCount
    }
  }
}
