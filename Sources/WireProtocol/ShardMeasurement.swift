import SparsityCore

/// What an evaluation found out about one shard.
public struct ShardMeasurement: Sendable {
  /// Which images of the slice were classified correctly, in the slice's order.
  public let correct: BitVector
  /// The sum of the images' losses, added in the slice's order.
  public let summedLoss: Double

  /// Creates a measurement.
  public init(correct: BitVector, summedLoss: Double) {
    self.correct = correct
    self.summedLoss = summedLoss
  }
}

extension ShardMeasurement: Hashable {
  /// Compares bit for bit, so that a loss that is not a number equals itself.
  public static func == (lhs: Self, rhs: Self) -> Bool {
    lhs.correct == rhs.correct && lhs.summedLoss.bitPattern == rhs.summedLoss.bitPattern
  }

  /// Feeds the bits that ``==(_:_:)`` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(correct)
    hasher.combine(summedLoss.bitPattern)
  }
}
