/// The scale on which losses add up: of the loss above the least one that was seen, a root.
///
/// Damage is more than the sum of its parts: DeiT-Tiny loses 0.09 nats in all by 2:4 in one layer
/// after the other, and 0.96 by 2:4 in all at once. The root of which degree adds up is learned.
package struct LossScale: Hashable, Sendable {
  /// The loss at which the scale begins, below all that was seen.
  let origin: Double
  /// The degree of the root.
  let degree: Double

  /// The degrees that are tried.
  package static let degrees = [1.0, 1.5, 2.0, 2.5]
  /// Below this loss the root is nearly a line, so that noise around nothing stays noise.
  private static let bend = 0.02
  /// How far below the least loss the origin is.
  private static let margin = 0.01

  package init(least: Double, degree: Double) {
    origin = least - Self.margin
    self.degree = degree
  }

  private func power(_ value: Double, _ exponent: Double) -> Double {
    ExactLogarithm.exponential(exponent * ExactLogarithm.logarithm(value))
  }

  /// Returns what losses add up on.
  package func sum(of loss: Double) -> Double {
    power(max(0, loss - origin) + Self.bend, 1 / degree) - power(Self.bend, 1 / degree)
  }

  /// Returns the loss that a sum stands for.
  package func loss(of sum: Double) -> Double {
    power(max(0, sum) + power(Self.bend, 1 / degree), degree) - Self.bend + origin
  }

  /// Returns by how much the sum grows with the loss.
  package func slope(at loss: Double) -> Double {
    power(max(0, loss - origin) + Self.bend, 1 / degree - 1) / degree
  }
}
