import Foundation
import ImageData
import ModelFiles
import NetworkArchitectures
import SparsityCore
import Testing
import TestSupport

/// A small Swin with random weights, and images whose labels are what it answers.
///
/// Its map of 7 × 7 tokens is padded to windows of 4 × 4, and merging pads its odd side.
private struct SmallSwin {
  let folder: TemporaryFolder
  let shape: SwinShape
  /// The names and values of all tensors in timm's names.
  private(set) var tensors: [(name: String, shape: [Int], values: [Float])] = []

  var model: String { folder.file("timm") }
  var data: String { folder.file("data.safetensors") }
  var calibration: String { folder.file("calibration.safetensors") }

  static let classes = 5
  static let imageCount = 60
  private static let configuration = """
    {"architecture": "swin_small_random", "img_size": 28, "patch_size": 4, "in_chans": 3,
     "embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4, "mlp_ratio": 2.5,
     "num_classes": \(classes), "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
     "crop_pct": 0.9, "interpolation": "bicubic"}
    """

  init() throws {
    folder = try TemporaryFolder()
    shape = try SwinShape(
      imageSize: 28, patchSize: 4, channels: 3, embeddingWidth: 16, depths: [2, 2], heads: [2, 4],
      windowSize: 4, hiddenRatio: 2.5, classes: Self.classes)
    var generator = SeededGenerator(seed: 5)
    let drawn = shape.network.tensors.map { tensor in
      let isScale = tensor.name.contains("norm") && tensor.name.hasSuffix(".weight")
      let values = (0..<tensor.count).map { _ in
        Float(generator.unitInterval() - 0.5) * 0.6 + (isScale ? 1 : 0)
      }
      return (name: tensor.name, shape: tensor.shape, values: values)
    }
    tensors = drawn
    try writeModels()
    let images = Self.images(count: Self.imageCount, seed: 6)
    // All classes become as likely as each other, so that no class is every answer.
    let losses = try losses(of: images)
    tensors = drawn.map { tensor in
      guard tensor.name == "head.fc.bias" else { return tensor }
      let values = zip(tensor.values, losses).map { bias, losses in
        bias + Float(losses.reduce(0, +)) / Float(losses.count)
      }
      return (tensor.name, tensor.shape, values)
    }
    try writeModels()
    let centred = try self.losses(of: images)
    let labels = images.indices.map { image in
      (0..<Self.classes).min { centred[$0][image] < centred[$1][image] } ?? 0
    }
    #expect(Set(labels).count > 2)
    try Self.write(images, labels: labels, to: data)
    try Self.write(
      Self.images(count: 24, seed: 7), labels: Array(repeating: 0, count: 24), to: calibration)
  }

  private func writeModels() throws {
    try write(tensors.map { NewTensor(name: $0.name, shape: $0.shape, values: $0.values) }, "timm")
    try write(microsoftTensors, "microsoft")
  }

  /// The tensors in Microsoft's layout, with its buffers.
  private var microsoftTensors: [NewTensor] {
    let renamed = tensors.map { tensor in
      NewTensor(
        name: tensor.name.replacing("layers.1.downsample", with: "layers.0.downsample")
          .replacing("head.fc.", with: "head."), shape: tensor.shape, values: tensor.values)
    }
    let buffers = shape.network.blocks.map {
      NewTensor(
        name: "\($0.name).attn.relative_position_index", shape: [16, 16],
        values: [Int32](repeating: 0, count: 256))
    }
    let mask = NewTensor(
      name: "layers.0.blocks.1.attn_mask", shape: [4, 16, 16],
      values: [Float](repeating: 0, count: 1024))
    return renamed + buffers + [mask]
  }

  private func write(_ tensors: [NewTensor], _ name: String) throws {
    let path = folder.file(name)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try writeSafetensors(tensors, to: "\(path)/model.safetensors")
    _ = try folder.write(Self.configuration, to: "\(name)/config.json")
  }

  /// Coloured quarters with noise.
  private static func images(count: Int, seed: UInt64) -> [[UInt8]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      let colours = (0..<12).map { _ in generator.index(below: 200) }
      return (0..<28 * 28 * 3).map { place in
        let (row, column) = (place / 84 / 14, place / 3 % 28 / 14)
        let colour = colours[(row * 2 + column) * 3 + place % 3]
        return UInt8(colour + generator.index(below: 56))
      }
    }
  }

  private static func write(_ images: [[UInt8]], labels: [Int], to path: String) throws {
    let set = ImageSet(
      name: path, imageSize: ImageSize(height: 28, width: 28, channels: 3), images: images,
      labels: labels)
    try set.write(toPackedFile: path)
  }

  /// The loss of each image in each class: the higher a logit, the lower.
  private func losses(of images: [[UInt8]]) throws -> [[Double]] {
    let genome = shape.network.prunableLayers.map { "\"\($0.name)\": \"4:4\"" }
    let genomes = try folder.write(
      "{\"decisions\": {\(genome.joined(separator: ", "))}}", to: "dense.jsonl")
    return try (0..<Self.classes).map { label in
      let path = folder.file("label\(label).safetensors")
      try Self.write(images, labels: Array(repeating: label, count: images.count), to: path)
      let ending = try Program.run([
        "evaluate", "--model", model, "--data", path, "--genomes", genomes, "--precision", "f32",
      ])
      #expect(ending.status == 0, "\(ending.errors)")
      let json = try JSONSerialization.jsonObject(with: Data(ending.output.utf8))
      return try #require((json as? [String: Any])?["losses"] as? [Double])
    }
  }

  /// The report of `elsa evaluate` on the images.
  func evaluated(_ arguments: [String], model: String? = nil) throws -> [String: Any] {
    let ending = try Program.run(
      ["evaluate", "--model", model ?? self.model, "--data", data, "--json"] + arguments)
    #expect(ending.status == 0, "\(ending.errors)")
    return try ending.json()
  }
}

@Suite(.timeLimit(.minutes(20))) struct SwinTests {
  @Test func `a Swin is right on its own answers, in timm's layout and in Microsoft's`() throws {
    let swin = try SmallSwin()
    for model in [swin.model, swin.folder.file("microsoft")] {
      let dense = try swin.evaluated(["--uniform", "4:4", "--precision", "f32"], model: model)
      #expect(dense["correct"] as? Int == SmallSwin.imageCount)
    }
    let pruned = try ["1", "2"].map { threads in
      try swin.evaluated(["--uniform", "1:4", "--precision", "bf16", "--threads", threads])
    }
    #expect(pruned[0]["meanLoss"] as? Double == pruned[1]["meanLoss"] as? Double)
    #expect(try #require(pruned[0]["correct"] as? Int) < SmallSwin.imageCount)
  }

  @Test func `every criterion prunes a Swin, and what is written is what was measured`() throws {
    let swin = try SmallSwin()
    let layers = swin.shape.network.prunableLayers
    var losses: [Double] = []
    for criterion in ["magnitude", "wanda", "sparsegpt", "reconstruction"] {
      let calibration = criterion == "magnitude" ? [] : ["--calibration", swin.calibration]
      let pruning = ["--uniform", "2:4", "--pruning", criterion] + calibration
      let direct = try swin.evaluated(pruning + ["--precision", "f32"])
      losses.append(try #require(direct["meanLoss"] as? Double))
      let output = swin.folder.file("timm/\(criterion).safetensors")
      let written = try Program.run(
        ["prune", "--model", "\(swin.model)/model.safetensors", "--output", output, "--json"]
          + pruning)
      #expect(written.status == 0, "\(written.errors)")
      let kept = layers.reduce(0) { $0 + $1.inputs * $1.outputs / 2 }
      #expect(try written.json()["keptWeights"] as? Int == kept)
      let read = try swin.evaluated(["--uniform", "4:4", "--precision", "f32"], model: output)
      #expect(read["correct"] as? Int == direct["correct"] as? Int)
      #expect(try Set(SafetensorsFile(path: output).names) == Set(swin.tensors.map(\.name)))
    }
    // What the layers before it do is made up for: less is lost than by magnitude alone.
    #expect(losses[2] < losses[0] && losses[3] < losses[0], "\(losses)")
  }

  @Test func `a search over a Swin ends with a front whose points can be pruned`() throws {
    let swin = try SmallSwin()
    let run = swin.folder.file("run")
    let runFile = try swin.folder.write(
      """
      model: {weights: \(swin.model)/model.safetensors}
      data: {search: \(swin.data), calibration: \(swin.calibration)}
      patterns: ["1:4", "2:4", "4:4"]
      pruning: sparsegpt
      accelerator: {profile: systolic32, batch: 8}
      search: {population: 4, evaluations: 10, seed: 3}
      precision: f32
      """, to: "run.yaml")
    let ending = try Program.run([
      "search", runFile, "--workers", "1", "--run-directory", run,
    ])
    #expect(ending.status == 0, "\(ending.errors)")
    let front = try Program.run(["front", run, "--json"]).json()
    let points = try #require(front["points"] as? [[String: Any]])
    let point = try #require(points.last)
    let output = swin.folder.file("timm/point.safetensors")
    let pruned = try Program.run([
      "prune", "--run", run, "--point", "\(points.count)", "--output", output,
    ])
    #expect(pruned.status == 0, "\(pruned.errors)")
    let genome = swin.folder.file("timm/point.genome.json")
    let read = try swin.evaluated(["--genome", genome, "--precision", "f32"], model: output)
    #expect(read["correct"] as? Int == point["correct"] as? Int)
  }
}
