import NetworkArchitectures
import Testing

struct TransformerShapeTests {
  private static func shape(
    image: Int = 32, patch: Int = 8, channels: Int = 3, width: Int = 48, heads: Int = 3
  ) throws(ArchitectureError) -> TransformerShape {
    try TransformerShape(
      imageSize: image, patchSize: patch, channels: channels, width: width, depth: 2,
      heads: heads, hiddenWidth: 192, classes: 7, isDistilled: true)
  }

  @Test func `tokens are patches, class and distillation token`() throws {
    let shape = try Self.shape()
    #expect(shape.patches == 16)
    #expect(shape.tokens == 18)
    #expect(shape.network.prunableLayers.count == 8)
    #expect(shape.network.prunableLayers[7].name == "blocks.1.mlp.fc2")
    #expect(shape.network.prunableLayers[7].inputs == 192)
  }

  @Test func `pixels behind the last whole patch are not looked at`() throws {
    #expect(try Self.shape(image: 39).patches == 16)
  }

  @Test func `extra tokens, positions and biases follow from the features`() throws {
    var features = TransformerFeatures()
    features.registers = 4
    features.positions = .patches
    features.hasPreNorm = true
    features.hasLayerScale = true
    features.hasQueryKeyNorm = true
    features.hasProjectionBias = false
    features.pooling = .mean
    features.finalNorm = .afterPooling
    let shape = try TransformerShape(
      imageSize: GridSize(height: 16, width: 24), patchSize: 8, channels: 3, width: 48, depth: 1,
      heads: 3, hiddenWidth: 96, classes: 7, features: features)
    #expect(shape.tokens == 11)
    #expect(shape.headTokens == 11)
    let tensors = Dictionary(
      uniqueKeysWithValues: shape.network.tensors.map { ($0.name, $0.shape) })
    #expect(tensors["pos_embed"] == [1, 6, 48])
    #expect(tensors["reg_token"] == [1, 4, 48])
    #expect(tensors["blocks.0.attn.q_norm.weight"] == [16])
    #expect(tensors["blocks.0.ls2.gamma"] == [48])
    #expect(tensors["norm_pre.bias"] == [48])
    #expect(tensors["fc_norm.weight"] == [48])
    for name in ["patch_embed.proj.bias", "norm.weight", "blocks.0.mlp.fc1.bias"] {
      #expect(tensors[name] == nil)
    }
  }

  @Test func `features that contradict each other are refused`() {
    var features = TransformerFeatures()
    features.hasClassToken = false
    #expect(throws: ArchitectureError.self) {
      try TransformerShape(
        imageSize: 16, patchSize: 8, channels: 3, width: 48, depth: 1, heads: 3, hiddenWidth: 96,
        classes: 7, features: features)
    }
  }

  @Test func `sizes that no model can have are refused`() {
    #expect(throws: ArchitectureError.imageSmallerThanPatch(imageSize: 7, patchSize: 8)) {
      try Self.shape(image: 7)
    }
    #expect(throws: ArchitectureError.unsupportedChannels(4)) { try Self.shape(channels: 4) }
    #expect(throws: ArchitectureError.widthNotDivisible(width: 50, heads: 3)) {
      try Self.shape(width: 50)
    }
    #expect(throws: ArchitectureError.self) { try Self.shape(image: 0) }
  }
}
