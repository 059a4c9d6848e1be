import SparsityCore

/// Why weights cannot be pruned.
package enum PruningError: Error, Equatable, Sendable {
  /// A weight is not a number or infinite, so it has no place in an order.
  case notFinite(layer: String, output: Int, input: Int)
  /// A layer's weights are not as many as its shape says.
  case wrongCount(layer: String, found: Int, outputs: Int, inputs: Int)
  /// What calibration measured of a layer's inputs is not finite, or too large to compute with.
  case cannotCalibrate(layer: String)
}

extension PruningError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .notFinite(let layer, let output, let input):
      """
      the weight of output \(output) and input \(input) of layer \(layer) is no finite number; \
      the checkpoint is damaged, take another copy
      """
    case .wrongCount(let layer, let found, let outputs, let inputs):
      """
      layer \(layer) has \(found) weights, but \(outputs) outputs × \(inputs) inputs need \
      \(outputs * inputs); check that checkpoint and configuration belong together
      """
    case .cannotCalibrate(let layer):
      """
      the calibration images give layer \(layer) inputs that are not finite or far too large; \
      check the checkpoint and the normalisation, or prune by magnitude
      """
    }
  }
}
