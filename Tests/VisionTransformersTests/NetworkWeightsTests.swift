import NetworkArchitectures
import SparseKernels
import Testing
import VisionTransformers

struct NetworkWeightsTests {
  @Test(arguments: [false, true], [false, true])
  func `a complete checkpoint is accepted`(isDistilled: Bool, hasQKVBias: Bool) throws {
    let shape = try smallShape(isDistilled: isDistilled, hasQKVBias: hasQKVBias)
    let tensors = randomTensors(of: shape, seed: 1)
    let weights = try NetworkWeights(architecture: shape, tensors: tensors)
    #expect(weights.network == shape.network)
    #expect((weights.prunableLayer(at: 0).bias != nil) == hasQKVBias)
    for (name, tensor) in tensors { #expect(weights.values(named: name) == tensor.values) }
    let norm = weights.norm(named: "blocks.1.norm2")
    #expect(norm.weights == tensors["blocks.1.norm2.weight"]?.values)
    #expect(norm.bias == tensors["blocks.1.norm2.bias"]?.values)
    let embedding = weights.linear(named: "patch_embed.proj")
    #expect([embedding.outputs, embedding.inputs] == [12, 48])
  }

  @Test func `prunable layers are found by index and by name`() throws {
    let shape = try smallShape()
    let tensors = randomTensors(of: shape, seed: 2)
    let weights = try NetworkWeights(architecture: shape, tensors: tensors)
    for (index, layer) in shape.network.prunableLayers.enumerated() {
      let expected = try #require(tensors["\(layer.name).weight"])
      let parameters = weights.prunableLayer(at: index)
      #expect(parameters.weights == expected.values)
      #expect([parameters.outputs, parameters.inputs] == expected.shape)
      #expect(weights.linear(named: layer.name).weights == expected.values)
    }
  }

  @Test func `every missing tensor is named with its expected shape`() throws {
    let shape = try smallShape(depth: 1, isDistilled: true)
    let tensors = randomTensors(of: shape, seed: 3)
    for tensor in shape.network.tensors {
      var incomplete = tensors
      incomplete[tensor.name] = nil
      let error = ModelError.missingTensor(name: tensor.name, expected: tensor.shape)
      #expect(throws: error) {
        try NetworkWeights(architecture: shape, tensors: incomplete)
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
      try NetworkWeights(architecture: shape, tensors: tensors)
    }
    #expect(
      error
        == .wrongShape(name: "blocks.1.mlp.fc2.weight", found: [20, 12], expected: [12, 20]))
    let diagnostic = error?.description ?? ""
    #expect(diagnostic.contains("blocks.1.mlp.fc2.weight"))
    #expect(diagnostic.contains("[20, 12]"))
    #expect(diagnostic.contains("[12, 20]"))
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
      try NetworkWeights(architecture: shape, tensors: tensors)
    }
  }

  @Test(arguments: [
    ("pre_logits.fc.weight", "pre_logits"),
    ("fc_norm.weight", "by fc_norm"),
    ("blocks.0.ls1.gamma", "by init_values"),
    ("blocks.1.attn.q_norm.weight", "by qk_norm"),
    ("blocks.2.norm1.weight", "has 2 blocks"),
    ("head_dist.weight", "distilled"),
    ("dist_token", "distilled"),
    ("module.cls_token", "starts with module."),
    ("layers.0.blocks.0.attn.relative_position_bias_table", "relative positions"),
    ("optimizer.step", "no such tensor"),
  ])
  func `an unknown tensor is refused with a reason`(name: String, diagnostic: String) throws {
    let shape = try smallShape()
    var tensors = randomTensors(of: shape, seed: 6)
    tensors[name] = Tensor(shape: [1], values: [0])
    let error = #expect(throws: ModelError.self) {
      try NetworkWeights(architecture: shape, tensors: tensors)
    }
    let description = error?.description ?? ""
    #expect(description.contains(name))
    #expect(description.contains(diagnostic))
  }

  @Test func `a bias of queries is refused where the configuration has none`() throws {
    let shape = try smallShape(hasQKVBias: false)
    let tensors = try randomTensors(of: smallShape(), seed: 7)
    let error = #expect(throws: ModelError.self) {
      try NetworkWeights(architecture: shape, tensors: tensors)
    }
    #expect(error?.description.contains("blocks.0.attn.qkv.bias") == true)
    #expect(error?.description.contains("have no bias") == true)
  }

  @Test func `a family without a forward pass says so`() throws {
    let shape = try CostOnlyShape(
      configuration: NoConfiguration(), named: nil, architecture: "costly")
    let tensors = ["weight": Tensor(shape: [1, 1], values: [1])]
    let weights = try NetworkWeights(architecture: shape, tensors: tensors)
    let error = #expect(throws: ModelError.self) {
      _ = try weights.packed(precision: .f32, variant: .scalar)
    }
    #expect(error?.description.contains("Swin") == true)
  }
}

/// A family that has costs alone.
private struct CostOnlyShape: NetworkArchitecture {
  static let named: [(name: String, architecture: CostOnlyShape)] = []
  static let configurationRules = SwinShape.configurationRules
  static func isFamily(ofArchitecture name: String) -> Bool { name == "costly" }

  init(
    configuration: some ConfigurationReader, named: Self?, architecture: String
  ) throws(ConfigurationFault) {}

  var network: Network {
    var builder = NetworkBuilder()
    builder.tensor("weight", [1, 1])
    return builder.network(input: NetworkInput(side: 1, channels: 1), classes: 1)
  }

  func reasonToRefuse(unknownTensor name: String) -> String { "it is unknown" }
}

/// A configuration that says nothing.
private struct NoConfiguration: ConfigurationReader {
  func text(_ keys: [String]) -> String? { nil }
  func texts(_ keys: [String]) -> [String]? { nil }
  func integer(_ keys: [String]) -> Int? { nil }
  func integer(_ keys: [String], in range: ClosedRange<Int>, expected: String) -> Int? { nil }
  func grid(_ keys: [String]) -> GridSize? { nil }
  func isStated(_ keys: [String]) -> Bool { false }
  func integers(_ keys: [String]) -> [Int]? { nil }
  func number(_ keys: [String]) -> Double? { nil }
  func truth(_ keys: [String]) -> Bool? { nil }
  func inputSize() -> NetworkInput? { nil }
}
