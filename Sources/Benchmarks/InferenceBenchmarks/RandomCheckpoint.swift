import Foundation
import ImageData
import ModelFiles
import NetworkArchitectures
import SparsityCore
import VisionTransformers

/// Writes a checkpoint of seeded random weights with its configuration into a folder.
///
/// Norms scale by one, so that activations stay of ordinary size.
package func writeRandomCheckpoint(of model: NamedNetwork, to folder: String) throws {
  let weights = RandomModel(architecture: model.architecture, seed: 1).weights
  let tensors = weights.network.tensors.map {
    NewTensor(name: $0.name, shape: $0.shape, values: weights.values(named: $0.name))
  }
  try writeSafetensors(tensors, to: "\(folder)/model.safetensors")
  func list(_ value: Double) -> String {
    "["
      + Array(repeating: "\(value)", count: weights.network.input.channels)
      .joined(separator: ", ") + "]"
  }
  let configuration = """
    {"architecture": "\(model.name)", "mean": \(list(0.5)), "std": \(list(0.25)), \
    "interpolation": "bicubic", "crop_pct": 0.9}
    """
  try Data(configuration.utf8).write(to: URL(filePath: "\(folder)/config.json"))
}

/// Returns images of seeded random pixels, all of class 0.
package func randomImages(count: Int, of input: NetworkInput) -> ImageSet {
  var generator = SeededGenerator(seed: 3)
  let size = ImageSize(
    height: input.size.height, width: input.size.width, channels: input.channels)
  let images = (0..<count).map { _ in
    (0..<size.pixelCount).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }
  return ImageSet(
    name: "random images", imageSize: size, images: images,
    labels: Array(repeating: 0, count: count))
}
