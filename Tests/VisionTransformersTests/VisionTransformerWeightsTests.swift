import SparsityCore
import Testing
import VisionTransformers

struct VisionTransformerWeightsTests {
  @Test(arguments: [false, true], [false, true])
  func `a complete checkpoint is accepted`(isDistilled: Bool, hasQKVBias: Bool) throws {
    let shape = try smallShape(isDistilled: isDistilled, hasQKVBias: hasQKVBias)
    let tensors = randomTensors(of: shape, seed: 1)
    let weights = try VisionTransformerWeights(shape: shape, tensors: tensors)
    #expect(weights.blocks.count == 2)
    #expect(weights.heads.count == (isDistilled ? 2 : 1))
    #expect(weights.extraTokens.count == 12 * (isDistilled ? 2 : 1))
    #expect((weights.blocks[0].qkv.bias != nil) == hasQKVBias)
    #expect(weights.blocks[1].fc1.weights == tensors["blocks.1.mlp.fc1.weight"]?.values)
  }

  @Test func `prunable layers are found by index and by name`() throws {
    let shape = try smallShape()
    let tensors = randomTensors(of: shape, seed: 2)
    let weights = try VisionTransformerWeights(shape: shape, tensors: tensors)
    for (index, layer) in shape.prunableLayers.enumerated() {
      let expected = try #require(tensors["\(layer.name).weight"])
      let parameters = weights.prunableLayer(at: index)
      #expect(parameters.weights == expected.values)
      #expect([parameters.outputs, parameters.inputs] == expected.shape)
      #expect(weights.prunableLayer(named: layer.name)?.weights == expected.values)
    }
    #expect(weights.prunableLayer(named: "blocks.2.attn.qkv") == nil)
  }

  @Test func `every missing tensor is named with its expected shape`() throws {
    let shape = try smallShape(depth: 1, isDistilled: true)
    let tensors = randomTensors(of: shape, seed: 3)
    for (name, size) in VisionTransformerWeights.tensorShapes(of: shape) {
      var incomplete = tensors
      incomplete[name] = nil
      #expect(throws: ModelError.missingTensor(name: name, expected: size)) {
        try VisionTransformerWeights(shape: shape, tensors: incomplete)
      }
    }
  }

  @Test func `a tensor of another shape is named with both shapes`() throws {
    let shape = try smallShape()
    var tensors = randomTensors(of: shape, seed: 4)
    // As many numbers as expected, but transposed.
    tensors["blocks.1.mlp.fc2.weight"] = Tensor(
      shape: [20, 12], values: Array(repeating: 0, count: 240))
    let error = #expect(throws: ModelError.self) {
      try VisionTransformerWeights(shape: shape, tensors: tensors)
    }
    #expect(
      error
        == .wrongShape(name: "blocks.1.mlp.fc2.weight", found: [20, 12], expected: [12, 20]))
    let words = error?.description ?? ""
    #expect(words.contains("blocks.1.mlp.fc2.weight"))
    #expect(words.contains("[20, 12]"))
    #expect(words.contains("[12, 20]"))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `a value that is not finite is named with its place`(value: Float) throws {
    let shape = try smallShape()
    var tensors = randomTensors(of: shape, seed: 5)
    let tensor = try #require(tensors["blocks.0.norm2.bias"])
    var values = tensor.values
    values[7] = value
    tensors["blocks.0.norm2.bias"] = Tensor(shape: tensor.shape, values: values)
    let expected = ModelError.notFinite(
      name: "blocks.0.norm2.bias", index: 7, value: "\(value)")
    #expect(throws: expected) {
      try VisionTransformerWeights(shape: shape, tensors: tensors)
    }
  }

  @Test(arguments: [
    ("pre_logits.fc.weight", "pre_logits"),
    ("fc_norm.weight", "mean of all tokens"),
    ("blocks.0.ls1.gamma", "LayerScale"),
    ("blocks.1.attn.q_norm.weight", "norms of queries"),
    ("blocks.2.norm1.weight", "has 2 blocks"),
    ("head_dist.weight", "distilled"),
    ("dist_token", "distilled"),
    ("module.cls_token", "starts with module."),
    ("layers.0.blocks.0.attn.relative_position_bias_table", "relative positions"),
    ("optimizer.step", "no such tensor"),
  ])
  func `an unknown tensor is refused with a reason`(name: String, words: String) throws {
    let shape = try smallShape()
    var tensors = randomTensors(of: shape, seed: 6)
    tensors[name] = Tensor(shape: [1], values: [0])
    let error = #expect(throws: ModelError.self) {
      try VisionTransformerWeights(shape: shape, tensors: tensors)
    }
    let description = error?.description ?? ""
    #expect(description.contains(name))
    #expect(description.contains(words))
  }

  @Test func `a bias of queries is refused where the configuration has none`() throws {
    let shape = try smallShape(hasQKVBias: false)
    let tensors = try randomTensors(of: smallShape(), seed: 7)
    let error = #expect(throws: ModelError.self) {
      try VisionTransformerWeights(shape: shape, tensors: tensors)
    }
    #expect(error?.description.contains("blocks.0.attn.qkv.bias") == true)
    #expect(error?.description.contains("have no bias") == true)
  }
}
