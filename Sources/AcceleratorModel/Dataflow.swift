/// Which operand stays in a systolic array while the others stream through it.
package enum Dataflow: String, CaseIterable, Hashable, Sendable {
  /// Weights stay; tokens stream past them.
  case weightStationary = "ws"
  /// Tokens stay; weights stream past them.
  case inputStationary = "is"
  /// Sums stay; tokens and weights stream past them.
  case outputStationary = "os"
}

/// Which dataflow a systolic array takes for a layer.
package enum ArrayDataflow: String, CaseIterable, Hashable, Sendable {
  /// Weight-stationary for every layer.
  case weightStationary = "ws"
  /// Input-stationary for every layer.
  case inputStationary = "is"
  /// Output-stationary for every layer.
  case outputStationary = "os"
  /// The fastest of the three for each layer.
  case best

  /// The dataflows that a layer may take.
  package var choices: [Dataflow] {
    switch self {
    case .weightStationary: Self.onlyWeightStationary
    case .inputStationary: Self.onlyInputStationary
    case .outputStationary: Self.onlyOutputStationary
    case .best: Self.all
    }
  }

  // An array is made once, not for every estimate.
  private static let onlyWeightStationary = [Dataflow.weightStationary]
  private static let onlyInputStationary = [Dataflow.inputStationary]
  private static let onlyOutputStationary = [Dataflow.outputStationary]
  private static let all = Dataflow.allCases
}
