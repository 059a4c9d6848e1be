/// A quantity that a search improves.
package enum Objective: String, CaseIterable, Hashable, Sendable {
  /// The fraction of images classified correctly, in 0…1.
  case accuracy
  /// Images a second on the accelerator.
  case throughput
  /// Seconds for one batch on the accelerator.
  case latency
  /// Joules per image on the accelerator.
  case energy
  /// Bytes of weights and their metadata.
  case weightBytes
  /// Multiply-accumulates per image.
  case macs

  /// Whether more is better; a search minimises the negated value of such an objective.
  package var isMaximized: Bool {
    switch self {
    case .accuracy, .throughput: true
    case .latency, .energy, .weightBytes, .macs: false
    }
  }

  /// Returns `value` in the sense that a search minimises; never negative zero.
  package func minimized(_ value: Double) -> Double { isMaximized ? 0 - value : value }

  /// Returns the natural value of what ``minimized(_:)`` gave.
  package func natural(_ minimized: Double) -> Double { isMaximized ? 0 - minimized : minimized }
}
