/// Why a checkpoint or a configuration cannot be used as a vision transformer.
package enum ModelError: Error, Equatable, Sendable {
  case missingTensor(name: String, expected: [Int])
  case wrongShape(name: String, found: [Int], expected: [Int])
  case unknownTensor(name: String, reason: String)
  case notFinite(name: String, index: Int, value: String)
  case noForwardPass(family: String)
  /// The checkpoint has no classifier; one would be called so.
  case noClassifier(expected: String)
  case wrongChannelCount(quantity: String, found: Int, expected: Int)
  case outOfRange(quantity: String, value: String, allowed: String)
}

extension ModelError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .missingTensor(let name, let expected):
      """
      tensor \(name) is missing; expected it with shape \(expected). \
      Check that the configuration belongs to this checkpoint
      """
    case .wrongShape(let name, let found, let expected):
      """
      tensor \(name) has shape \(found); expected \(expected). \
      Check that the configuration belongs to this checkpoint
      """
    case .unknownTensor(let name, let reason):
      "tensor \(name) cannot be used: \(reason)"
    case .notFinite(let name, let index, let value):
      """
      tensor \(name) holds \(value) at position \(index); every weight must be finite. \
      The checkpoint is damaged or its training diverged
      """
    case .noForwardPass(let family):
      """
      \(family) can be estimated, but its forward pass is not built; \
      its accuracy cannot be measured
      """
    case .noClassifier(let expected):
      """
      the checkpoint has no classifier (\(expected) is missing): it is that of features alone, \
      whose accuracy cannot be measured; take a checkpoint with a head, or train one first
      """
    case .wrongChannelCount(let quantity, let found, let expected):
      "\(quantity) has \(found) numbers; the model has \(expected) input channels"
    case .outOfRange(let quantity, let value, let allowed):
      "\(quantity) is \(value); it must be \(allowed)"
    }
  }
}
