import Foundation
import ImageData
import ModelFiles
import SparsityCore
import VisionTransformers

/// Writes a checkpoint of seeded random weights with its configuration into a folder.
///
/// Norms scale by one, so that activations stay of ordinary size.
public func writeRandomCheckpoint(of model: NamedModel, to folder: String) throws {
  let random = RandomModel(shape: model.shape, seed: 1)
  let tensors = VisionTransformerWeights.tensorShapes(of: model.shape).map { name, shape in
    NewTensor(name: name, shape: shape, values: random.weights.values(named: name))
  }
  try writeSafetensors(tensors, to: "\(folder)/model.safetensors")
  func list(_ value: Double) -> String {
    "[" + Array(repeating: "\(value)", count: model.shape.channels).joined(separator: ", ") + "]"
  }
  let configuration = """
    {"architecture": "\(model.name)", "mean": \(list(0.5)), "std": \(list(0.25)), \
    "interpolation": "bicubic", "crop_pct": 0.9}
    """
  try Data(configuration.utf8).write(to: URL(filePath: "\(folder)/config.json"))
}

/// Returns images of seeded random pixels, all of class 0.
public func randomImages(count: Int, of shape: TransformerShape) -> ImageSet {
  var generator = SeededGenerator(seed: 3)
  let size = ImageSize(
    height: shape.imageSize, width: shape.imageSize, channels: shape.channels)
  let images = (0..<count).map { _ in
    (0..<size.pixelCount).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }
  return ImageSet(
    name: "random images", imageSize: size, images: images,
    labels: Array(repeating: 0, count: count))
}
