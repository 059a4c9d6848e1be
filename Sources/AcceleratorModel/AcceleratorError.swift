/// Why the accelerator model cannot answer.
public enum AcceleratorError: Error, Equatable, Sendable {
  case unknownProfile(name: String, known: [String])
  case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
  case unknownLayer(name: String)
  case layerMismatch(name: String, inputs: Int, outputs: Int, modelInputs: Int, modelOutputs: Int)
  case repeatedLayer(name: String)
  case tooLarge(String)
}

extension AcceleratorError: CustomStringConvertible {
  /// The error in words.
  public var description: String {
    switch self {
    case .unknownProfile(let name, let known):
      "no accelerator profile is named '\(name)'; choose one of: "
        + known.joined(separator: ", ")
    case .outOfRange(let name, let value, let allowed):
      "\(name) is \(value); it must lie in \(allowed.lowerBound)…\(allowed.upperBound)"
    case .unknownLayer(let name):
      "the search space names the layer '\(name)', which the model does not have; "
        + "make the space from the model's own prunable layers"
    case .layerMismatch(let name, let inputs, let outputs, let modelInputs, let modelOutputs):
      "the layer '\(name)' is \(outputs)×\(inputs) in the search space but "
        + "\(modelOutputs)×\(modelInputs) in the model; make the space from the model's layers"
    case .repeatedLayer(let name):
      "the search space names the layer '\(name)' twice; name each layer once"
    case .tooLarge(let quantity):
      "\(quantity) of this model and batch do not fit into 64 bits; choose a smaller batch"
    }
  }
}
