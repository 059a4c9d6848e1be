import SparsityCore

/// What an evaluation found out about one shard.
package struct ShardMeasurement: Sendable {
  /// Which images of the slice were classified correctly, in the slice's order.
  package let correct: BitVector
  /// The sum of the images' losses, added in the slice's order; finite and not negative.
  ///
  /// `nil` stands for a number that is no loss, which an older program may have journaled; nobody
  /// sends one.
  package let summedLoss: Double?

  package init(correct: BitVector, summedLoss: Double?) {
    self.correct = correct
    self.summedLoss = summedLoss
  }
}

extension ShardMeasurement: Hashable {
  /// Compares bit for bit.
  package static func == (lhs: Self, rhs: Self) -> Bool {
    lhs.correct == rhs.correct && lhs.summedLoss?.bitPattern == rhs.summedLoss?.bitPattern
  }

  /// Feeds the bits that ``==(_:_:)`` compares.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(correct)
    hasher.combine(summedLoss?.bitPattern)
  }
}
