import NetworkArchitectures
import Testing

/// The tensors of a small ViT with one block.
private func smallViT() throws -> TransformerShape {
  try TransformerShape(
    imageSize: 8, patchSize: 4, channels: 3, width: 8, depth: 1, heads: 2, hiddenWidth: 16,
    classes: 3)
}

private func stored(_ names: [String]) -> [StoredTensor] {
  names.map { StoredTensor(name: $0, isFloatingPoint: true) }
}

struct CheckpointReadingTests {
  @Test(arguments: [
    ("", [""]), ("module.", ["module."]), ("_orig_mod.model.", ["_orig_mod.model."]),
    ("visual.trunk.", ["visual.trunk."]), ("teacher.backbone.", ["teacher.backbone."]),
  ])
  func `a wrapper's prefix is what stands before a model's tensors`(
    prefix: String, expected: [String]
  ) throws {
    let names = try smallViT().network.tensors.map { prefix + $0.name }
    #expect(WrapperPrefix.prefixes(in: names) == expected)
    let transformers = ["\(prefix)vit.embeddings.patch_embeddings.projection.weight"]
    #expect(WrapperPrefix.prefixes(in: transformers) == expected)
  }

  @Test func `two models in one file have two prefixes`() throws {
    let names = try smallViT().network.tensors.map(\.name)
    let both = names + names.map { "model_ema.\($0)" }
    #expect(WrapperPrefix.prefixes(in: both) == ["", "model_ema."])
    #expect(WrapperPrefix.prefixes(in: ["head.weight"]).isEmpty)
  }

  @Test func `wrappers of parts are left out of names`() {
    #expect(
      WrapperPrefix.withoutInner("blocks.0._orig_mod.attn._fsdp_wrapped_module.qkv.weight")
        == "blocks.0.attn.qkv.weight")
    #expect(WrapperPrefix.withoutInner("blocks.0.norm1.weight") == "blocks.0.norm1.weight")
  }

  @Test func `the pairs of torch's pruning become weights, and ASP's masks are left out`() throws {
    let shape = try smallViT()
    let pruned = "blocks.0.mlp.fc1.weight"
    let names = shape.network.tensors.map(\.name).filter { $0 != pruned }
    let mask = "blocks.0.attn.qkv.__weight_mma_mask"
    let reading = CheckpointReading(
      stored(names + ["\(pruned)_orig", "\(pruned)_mask"])
        + [StoredTensor(name: mask, isFloatingPoint: false)], for: shape)
    #expect(Set(reading.sources.keys) == Set(shape.network.tensors.map(\.name)))
    #expect(
      reading.sources[pruned] == .masked(weights: "\(pruned)_orig", mask: "\(pruned)_mask"))
    #expect(reading.dropped == [mask])
    #expect(reading.notifications.count == 2)
  }

  @Test func `tensors of integers that the network lacks are left out and named`() throws {
    let shape = try smallViT()
    let names = shape.network.tensors.map(\.name)
    let reading = CheckpointReading(
      stored(names) + [StoredTensor(name: "num_batches_tracked", isFloatingPoint: false)],
      for: shape)
    #expect(reading.dropped == ["num_batches_tracked"])
    #expect(reading.notifications.first?.contains("num_batches_tracked") == true)
    // Fractions may be weights of something else.
    let unknown = CheckpointReading(stored(names + ["gate"]), for: shape)
    #expect(unknown.sources["gate"] == .stored("gate"))
  }

  @Test func `a tied tensor is the one that the metadata name`() throws {
    let shape = try smallViT()
    let names = shape.network.tensors.map(\.name).filter { $0 != "head.bias" }
    let reading = CheckpointReading(
      stored(names), metadata: ["head.bias": "norm.bias", "format": "pt"], for: shape)
    #expect(reading.sources["head.bias"] == .stored("norm.bias"))
  }

  @Test func `names of transformers become timm's, and are written as they were`() throws {
    let shape = try smallViT()
    let part = "vit.encoder.layer.0."
    let parts = [
      "vit.embeddings.cls_token", "vit.embeddings.position_embeddings",
      "vit.embeddings.patch_embeddings.projection.weight",
      "vit.embeddings.patch_embeddings.projection.bias", "vit.layernorm.weight",
      "vit.layernorm.bias", "classifier.weight", "classifier.bias",
    ]
    let modules = [
      "attention.attention.query", "attention.attention.key", "attention.attention.value",
      "attention.output.dense", "layernorm_before", "layernorm_after", "intermediate.dense",
      "output.dense",
    ]
    let names = parts + modules.flatMap { ["\(part)\($0).weight", "\(part)\($0).bias"] }
    let reading = CheckpointReading(stored(names), for: shape)
    #expect(Set(reading.sources.keys) == Set(shape.network.tensors.map(\.name)))
    let stacked = ["query", "key", "value"].map { "\(part)attention.attention.\($0).weight" }
    let qkv = "blocks.0.attn.qkv.weight"
    #expect(reading.sources[qkv] == .stacked(stacked))
    #expect(reading.sources[qkv]?.writtenNames(for: qkv) == stacked)
    let written = reading.sources.flatMap { $1.writtenNames(for: $0) }
    #expect(written.sorted() == names.sorted())
  }

  @Test(arguments: [
    ("patch_embed.backbone.stem.conv.weight", "convolutional stem"),
    ("layers.0.blocks.0.attn.cpb_mlp.0.weight", "Swin V2"),
    ("stages.0.blocks.0.conv_dw.weight", "depthwise"),
  ])
  func `a network that is not supported is told by its tensors`(name: String, says: String) {
    let reason = ForeignNetworks.reasonToRefuse([name], architecture: "some_net")
    #expect(reason?.contains("architecture some_net has") == true)
    #expect(reason?.contains(says) == true && reason?.contains(name) == true)
  }

  @Test func `the names nearest to an unknown one are named first`() {
    #expect(NearNames.nearest(to: "deit_tinny_patch16_224")[0] == "deit_tiny_patch16_224")
    #expect(NearNames.nearest(to: "swin_t_patch4_window7_224.ms")[0].hasPrefix("swin_"))
  }

  @Test func `no network that is known by name is refused by its tensors`() {
    for network in NetworkFamilies.named {
      let names = network.architecture.network.tensors.map(\.name)
      #expect(ForeignNetworks.reasonToRefuse(names, architecture: network.name) == nil)
      #expect(ForeignNetworks.missingClassifier(names) == nil)
      let features = names.filter { !$0.hasPrefix("head") }
      #expect(ForeignNetworks.missingClassifier(features) == "head.weight")
    }
  }
}
