import Evaluation
import Foundation
import ImageData
import ModelFiles
import SparsityCore
import Testing
import TestSupport

/// A small random model of transformers with what that library computes, see
/// `Sources/Benchmarks/PyTorchPeer/transformers_models.py`.
private struct TransformersModel {
  let path: String
  let count: Int
  let classes: Int
  let images: [[UInt8]]
  let size: ImageSize
  /// The logits, image by image.
  let logits: [Float]

  init(_ name: String) throws {
    path = "\(Checkout.fixtures)/transformers/\(name)"
    let golden = try SafetensorsFile(path: "\(path)/golden.safetensors")
    let (shape, pixels) = try golden.bytes("images")
    (count, size) = (shape[0], ImageSize(height: shape[1], width: shape[2], channels: shape[3]))
    let pixelCount = size.pixelCount
    images = (0..<shape[0]).map { Array(pixels[$0 * pixelCount..<($0 + 1) * pixelCount]) }
    let (logitShape, values) = try golden.floats("logits")
    (classes, logits) = (logitShape[1], values)
  }

  /// The loss of each image if it were of a class, by the golden logits.
  func losses(ofClass label: Int) -> [Double] {
    (0..<count).map { image in
      let own = logits[image * classes..<(image + 1) * classes].map(Double.init)
      return log(own.reduce(0) { $0 + exp($1) }) - own[label]
    }
  }

  /// The losses that a model measures.
  func losses(ofClass label: Int, by model: LoadedModel) throws -> [Double] {
    let set = ImageSet(
      name: path, imageSize: size, images: images,
      labels: Array(repeating: label, count: count))
    let space = model.searchSpace(patterns: try patterns("4:4"))
    let evaluator = try Evaluator(
      model: model, bank: model.weightBank(space: space, threads: 1), images: set,
      numerics: InferenceNumerics(precision: .f32), threads: 1)
    let genome = Genome(uniform: 0, count: space.decisions.count)
    return try evaluator.evaluate(genome: genome, imageIndices: Array(0..<count)).losses
  }
}

struct TransformersFormatTests {
  @Test(arguments: ["vit", "deit", "swin"])
  func `a model of transformers is computed as that library computes it`(name: String) throws {
    let golden = try TransformersModel(name)
    let model = try LoadedModel(path: golden.path)
    #expect(model.notifications.contains { $0.contains("transformers") })
    let range = (golden.logits.max() ?? 0) - (golden.logits.min() ?? 0)
    for label in 0..<golden.classes {
      let measured = try golden.losses(ofClass: label, by: model)
      for (own, expected) in zip(measured, golden.losses(ofClass: label)) {
        #expect(abs(own - expected) <= 2e-5 * Double(range), "class \(label)")
      }
    }
  }

  @Test(arguments: [
    ("swin", "\"image_size\": 32", "\"image_size\": 28", "window_size"),
    ("swin", "\"layer_norm_eps\": 1e-05", "\"layer_norm_eps\": 1e-06", "layer_norm_eps"),
    ("vit", "\"vit\"", "\"dinov2\"", "model_type"),
    ("vit", "ViTForImageClassification", "ViTModel", "architectures"),
    ("deit", "WithTeacher", "", "architectures"),
    ("vit", "\"qkv_bias\"", "\"post_norm\"", "post_norm"),
  ])
  func `a model of transformers that is computed otherwise is refused by the key`(
    name: String, old: String, new: String, key: String
  ) throws {
    let folder = try TemporaryFolder()
    let source = "\(Checkout.fixtures)/transformers/\(name)"
    for file in ["model.safetensors", "preprocessor_config.json"] {
      try FileManager.default.copyItem(atPath: "\(source)/\(file)", toPath: folder.file(file))
    }
    let text = try String(contentsOfFile: "\(source)/config.json", encoding: .utf8)
    #expect(text.contains(old))
    _ = try folder.write(text.replacing(old, with: new), to: "config.json")
    let error = #expect(throws: EvaluationError.self) { _ = try LoadedModel(path: folder.path) }
    #expect(error?.description.contains("\"\(key)\"") == true, "\(error?.description ?? "")")
  }

  @Test(arguments: ["vit", "deit", "swin"])
  func `what is pruned is written in the names that were read`(name: String) throws {
    let golden = try TransformersModel(name)
    let model = try LoadedModel(path: golden.path)
    let space = model.searchSpace(patterns: try patterns("2:4"))
    let bank = try model.weightBank(space: space, threads: 1)
    let genome = Genome(uniform: 0, count: space.decisions.count)
    let pruned = PrunedCheckpoint(model: model, bank: bank, genome: genome)
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    try writeSafetensors(try pruned.denseTensors(), to: path)
    try Data(model.configuration.bytes).write(to: URL(filePath: folder.file("config.json")))
    let original = try SafetensorsFile(path: "\(golden.path)/model.safetensors")
    let written = try SafetensorsFile(path: path)
    #expect(written.names == original.names)
    for name in written.names {
      #expect(try written.entry(name).shape == original.entry(name).shape)
    }
    let masks = Set(pruned.maskTensors().map(\.name))
    #expect(!masks.isEmpty && masks.isSubset(of: written.names))
    // The configuration is complete without the file of the image processor.
    let again = try LoadedModel(path: path)
    for index in model.weights.network.prunableLayers.indices {
      let weights = again.weights.prunableLayer(at: index).weights
      let kept = weights.count { $0 != 0 }
      #expect(kept > 0 && kept <= weights.count / 2)
    }
    #expect(again.normalization.mean == model.normalization.mean)
  }
}
