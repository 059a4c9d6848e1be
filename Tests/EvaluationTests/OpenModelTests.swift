import Evaluation
import ModelFiles
import NetworkArchitectures
import SparsityCore
import Testing
import TestSupport

/// Models that come without a configuration, or are none that can be used.
struct OpenModelTests {
  /// Writes zeros in the shapes of a known network, with other classes.
  private func write(
    _ name: String, classes: Int, to folder: TemporaryFolder
  ) throws -> ModelSource {
    let network = try NetworkFamilies.network(named: name).architecture.network
    let tensors = network.tensors.map { tensor in
      var shape = tensor.shape
      if tensor.name.hasPrefix("head") { shape[0] = classes }
      return NewTensor(
        name: tensor.name, elementType: .bfloat16, shape: shape,
        bytes: [UInt8](repeating: 0, count: 2 * shape.reduce(1, *)))
    }
    let path = folder.file("model.safetensors")
    try writeSafetensors(tensors, to: path)
    return ModelSource(path: path)
  }

  @Test func `tensors of one known model alone need no configuration`() throws {
    let folder = try TemporaryFolder()
    let source = try write("deit_tiny_distilled_patch16_224", classes: 7, to: folder)
    let model = try OpenModel(source)
    let shape = try #require(model.configuration.architecture as? TransformerShape)
    #expect(
      shape.classes == 7 && shape.imageSize == GridSize(height: 224, width: 224)
        && shape.isDistilled && shape.heads == 3)
    #expect(model.configuration.mean == [0.485, 0.456, 0.406])
    #expect(model.notifications.contains { $0.contains("deit_tiny_distilled_patch16_224") })
  }

  @Test func `tensors of several known models need a name`() throws {
    let folder = try TemporaryFolder()
    var source = try write("deit_tiny_patch16_224", classes: 10, to: folder)
    let error = #expect(throws: EvaluationError.self) { _ = try OpenModel(source) }
    let diagnostic = error?.description ?? ""
    #expect(diagnostic.contains("deit_tiny_patch16_224 or vit_tiny_patch16_224"), "\(diagnostic)")
    #expect(diagnostic.contains("--architecture"))
    source.architecture = "vit_tiny_patch16_224"
    let model = try OpenModel(source)
    #expect(model.configuration.mean == [0.5, 0.5, 0.5])
    #expect(model.configuration.network.classes == 10)
    source.architecture = "vit_tiny_patch16"
    let unknown = #expect(throws: EvaluationError.self) { _ = try OpenModel(source) }
    #expect(unknown?.description.contains("nearest are vit_tiny_patch16_224") == true)
  }

  @Test func `a name whose weights read images differently needs a configuration`() throws {
    let folder = try TemporaryFolder()
    var source = try write("vit_xsmall_patch16_clip_224", classes: 10, to: folder)
    source.architecture = "vit_xsmall_patch16_clip_224"
    let error = #expect(throws: EvaluationError.self) { _ = try OpenModel(source) }
    #expect(error?.description.contains("read images differently") == true, "\(error as Any)")
  }

  @Test(arguments: [
    (["patch_embed.backbone.stem.conv.weight"], "convolutional stem"),
    (["layer1.0.conv1.weight", "fc.weight"], "convolutions"),
    (["conv1.weight", "fc.weight"], "the first is conv1.weight"),
    (["patch_embed.proj.weight", "norm.weight"], "no classifier"),
  ])
  func `what is no classifier of a known family is said before sizes are read`(
    names: [String], says: String
  ) throws {
    let folder = try TemporaryFolder()
    try writeSafetensors(
      names.map { NewTensor(name: $0, shape: [1], values: [Float(0)]) },
      to: folder.file("model.safetensors"))
    _ = try folder.write("{\"architecture\": \"some_net\", \"num_classes\": 0}", to: "config.json")
    let error = #expect(throws: EvaluationError.self) {
      _ = try OpenModel(ModelSource(path: folder.path))
    }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }
}
