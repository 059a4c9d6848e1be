import SparsityCore
import Testing
import VisionTransformers

struct NamedModelTests {
  @Test func `names are unique and tell patch and image size`() throws {
    #expect(Set(NamedModel.all.map(\.name)).count == NamedModel.all.count)
    for model in NamedModel.all {
      let end = "_patch\(model.shape.patchSize)_\(model.shape.imageSize)"
      #expect(model.name.hasSuffix(end))
      #expect(model.name.contains("_distilled") == model.shape.isDistilled)
      #expect(model.shape.classes == 1000)
    }
  }

  /// Parameters as timm counts them.
  @Test(arguments: [
    ("deit_tiny_patch16_224", 5_717_416), ("deit_small_patch16_224", 22_050_664),
    ("deit_base_patch16_224", 86_567_656), ("deit_tiny_distilled_patch16_224", 5_910_800),
    ("deit_base_distilled_patch16_224", 87_338_192), ("deit_base_patch16_384", 86_859_496),
    ("vit_large_patch16_224", 304_326_632), ("vit_base_patch32_224", 88_224_232),
  ])
  func `shapes have the published number of parameters`(name: String, parameters: Int) throws {
    let shape = try NamedModel.named(name).shape
    let count = VisionTransformerWeights.tensorShapes(of: shape)
      .reduce(0) { $0 + $1.shape.reduce(1, *) }
    #expect(count == parameters)
  }

  @Test func `the tag of a training run is ignored`() throws {
    let tagged = try NamedModel.named("deit_small_patch16_224.fb_in1k")
    #expect(tagged.name == "deit_small_patch16_224")
  }

  @Test(arguments: ["", "deit_huge_patch16_224", "vit_base", "swin_tiny_patch4_window7_224"])
  func `an unknown name is refused with the known ones`(name: String) {
    let error = #expect(throws: ModelError.unknownModelName(name)) {
      _ = try NamedModel.named(name)
    }
    #expect(error?.description.contains("deit_tiny_patch16_224") == true)
  }
}
