import SparsityCore

/// Why the accelerator model cannot answer.
package enum AcceleratorError: Error, Equatable, Sendable {
  case unknownProfile(name: String, known: [String])
  case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
  case unknownLayer(name: String)
  case tooLarge(String)
  case noArray(profile: String, engine: String)
  case onlyWeightStationary(feature: String)
  case unsupportedPattern(NMPattern, profile: String)
  case noDenseRate
  case noRoofline(profile: String)
  case noMeasurement(of: NMPattern)
}

extension AcceleratorError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .unknownProfile(let name, let known):
      "no accelerator profile is named '\(name)'; choose one of: "
        + known.joined(separator: ", ") + "; or give the path of a profile (.yaml or .json)"
    case .outOfRange(let name, let value, let allowed):
      "\(name) is \(value); it must lie in \(allowed.lowerBound)…\(allowed.upperBound)"
    case .unknownLayer(let name):
      "the search space names the layer '\(name)', which the model does not have; "
        + "make the space from the model's own prunable layers"
    case .tooLarge(let quantity):
      "\(quantity) of this model and batch do not fit into 64 bits; choose a smaller batch or model"
    case .noArray(let profile, let engine):
      "array size and dataflow belong to systolic profiles; \(profile) has the engine \(engine)"
    case .onlyWeightStationary(let feature):
      "an array that is \(feature) must be weight-stationary; write dataflow: ws"
    case .unsupportedPattern(let pattern, let profile):
      "\(profile) does not run \(pattern) and its fallback is error; choose one of its levels, or "
        + "write fallback: nextDenser in the profile"
    case .noDenseRate:
      "the roofline has no rate for dense products; add a level whose n equals its m"
    case .noRoofline(let profile):
      "\(profile) has no efficiencies to fit; choose a profile whose engine is roofline"
    case .noMeasurement(let pattern):
      "no measurement has the pattern \(pattern); add one, or leave the level out"
    }
  }
}
