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

  @Test func `sizes that no model can have are refused`() {
    #expect(throws: ArchitectureError.imageNotDivisible(imageSize: 30, patchSize: 8)) {
      try Self.shape(image: 30)
    }
    #expect(throws: ArchitectureError.unsupportedChannels(4)) { try Self.shape(channels: 4) }
    #expect(throws: ArchitectureError.widthNotDivisible(width: 50, heads: 3)) {
      try Self.shape(width: 50)
    }
    #expect(throws: ArchitectureError.self) { try Self.shape(image: 0) }
  }
}
