import NetworkArchitectures

/// Returns how the labels of some images become a network's outputs; no image is decoded.
///
/// - Parameter path: A packed set, or a folder of images.
/// - Throws: ``ImageDataError`` if the labels cannot be the outputs.
package func classFit(
  of path: String, _ classes: ModelClasses, network: Network
) throws(ImageDataError) -> String {
  if path.hasSuffix(".safetensors") {
    let set = try ImageSet(packedFile: path)
    try set.checkFits(network)
    return "the labels of \(path) are among the \(classes.count) outputs"
  }
  let (listing, assignment) = try ImageListing.assigned(folder: path, classes)
  if let assignment { return "\(path): \(assignment)" }
  let largest = listing.images.map(\.label).max() ?? 0
  return largest < classes.count
    ? "the labels of \(path), 0…\(largest), are among the \(classes.count) outputs"
    : "\(path) has the label \(largest), and the model only \(classes.count) outputs"
}

extension ClassMap {
  /// Returns that all outputs of the map are a model's.
  ///
  /// - Throws: ``ImageDataError/outputOutOfRange(path:name:output:outputs:)``.
  package func fit(outputs: Int) throws(ImageDataError) -> String {
    guard largest.output < outputs else {
      throw .outputOutOfRange(
        path: path, name: largest.folder, output: largest.output, outputs: outputs)
    }
    return "all outputs of \(path) are among the model's \(outputs)"
  }
}
