import SparsityCore

/// Why a set of sizes is no network.
package enum ArchitectureError: Error, Equatable, Sendable {
  case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
  case unsupportedChannels(Int)
  case imageNotDivisible(imageSize: Int, patchSize: Int)
  case imageSmallerThanPatch(imageSize: Int, patchSize: Int)
  case contradiction(String)
  case widthNotDivisible(width: Int, heads: Int)
  case invalidLayerNormEpsilon(Float)
}

extension ArchitectureError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .outOfRange(let name, let value, let allowed):
      "\(name) is \(value); it must lie in \(allowed.lowerBound)…\(allowed.upperBound)"
    case .unsupportedChannels(let channels):
      "\(counted(channels, "input channel")); 1 (grey) and 3 (colour) are supported"
    case .imageNotDivisible(let imageSize, let patchSize):
      "image size \(imageSize) is not a multiple of patch size \(patchSize)"
    case .imageSmallerThanPatch(let imageSize, let patchSize):
      "image size \(imageSize) is less than patch size \(patchSize)"
    case .contradiction(let reason):
      reason
    case .widthNotDivisible(let width, let heads):
      "width \(width) is not a multiple of \(heads) heads"
    case .invalidLayerNormEpsilon(let epsilon):
      "LayerNorm epsilon is \(epsilon); it must lie in "
        + "\(TransformerShape.layerNormEpsilonRange.lowerBound)…"
        + "\(TransformerShape.layerNormEpsilonRange.upperBound)"
    }
  }
}
