import NetworkArchitectures
import Testing

struct NetworkFamiliesTests {
  @Test func `names are unique, and tell patch and image size where they say them`() {
    let all = NetworkFamilies.named
    #expect(Set(all.map(\.name)).count == all.count)
    for model in TransformerShape.named {
      let shape = model.architecture
      let parts = model.name.split(separator: "_")
      if let patch = parts.first(where: { $0.hasPrefix("patch") }) {
        #expect(patch == "patch\(shape.patchSize)")
      }
      if let last = parts.last.flatMap({ Int($0) }) { #expect(shape.imageSize.height == last) }
      #expect(model.name.contains("_distilled") == shape.isDistilled)
    }
    for model in SwinShape.named {
      let shape = model.architecture
      let end =
        shape.windowSizes.allSatisfy { $0 == shape.windowSize }
        ? "_patch4_window\(shape.windowSize)_\(shape.imageSize)" : "_s3_"
      #expect(model.name.contains(end))
    }
    #expect(all.allSatisfy { $0.architecture.network.classes == 1000 })
  }

  /// Parameters as timm counts them.
  @Test(arguments: [
    ("deit_tiny_patch16_224", 5_717_416), ("deit_small_patch16_224", 22_050_664),
    ("deit_base_patch16_224", 86_567_656), ("deit_tiny_distilled_patch16_224", 5_910_800),
    ("deit_base_distilled_patch16_224", 87_338_192), ("deit_base_patch16_384", 86_859_496),
    ("deit3_small_patch16_224", 22_059_496), ("vit_base_patch16_clip_224", 86_568_424),
    ("vit_large_patch16_224", 304_326_632), ("vit_base_patch32_224", 88_224_232),
  ])
  func `networks have the published number of parameters`(name: String, parameters: Int) throws {
    let network = try NetworkFamilies.network(named: name).architecture.network
    #expect(network.tensors.reduce(0) { $0 + $1.count } == parameters)
  }

  @Test func `the tag of a training run is ignored`() throws {
    let tagged = try NetworkFamilies.network(named: "deit_small_patch16_224.fb_in1k")
    #expect(tagged.name == "deit_small_patch16_224")
  }

  @Test(arguments: ["", "deit_huge_patch16_224", "vit_base", ".fb_in1k"])
  func `an unknown name is refused with the nearest known ones`(name: String) {
    let error = #expect(throws: UnknownNetwork(name: name)) {
      _ = try NetworkFamilies.network(named: name)
    }
    #expect(error?.description.contains("nearest are ") == true)
    #expect(error?.description.contains("elsa models lists all") == true)
  }
}
