import SparsityCore

/// What an evaluation found out about one shard.
public struct ShardMeasurement: Sendable {
  /// Which images of the slice were classified correctly, in the slice's order.
  public let correct: BitVector
  /// The sum of the images' losses, added in the slice's order; finite and not negative.
  ///
  /// `nil` stands for a number that is no loss, which an older program may have journaled; nobody
  /// sends one.
  public let summedLoss: Double?

  /// Creates a measurement.
  public init(correct: BitVector, summedLoss: Double?) {
    self.correct = correct
    self.summedLoss = summedLoss
  }
}

extension ShardMeasurement: Hashable {
  /// Compares bit for bit.
  public static func == (lhs: Self, rhs: Self) -> Bool {
    lhs.correct == rhs.correct && lhs.summedLoss?.bitPattern == rhs.summedLoss?.bitPattern
  }

  /// Feeds the bits that ``==(_:_:)`` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(correct)
    hasher.combine(summedLoss?.bitPattern)
  }
}
