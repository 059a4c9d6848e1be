/// Which operand stays in a systolic array while the others stream through it.
public enum Dataflow: String, CaseIterable, Hashable, Sendable {
  /// Weights stay; tokens stream past them.
  case weightStationary = "ws"
  /// Tokens stay; weights stream past them.
  case inputStationary = "is"
  /// Sums stay; tokens and weights stream past them.
  case outputStationary = "os"
}
