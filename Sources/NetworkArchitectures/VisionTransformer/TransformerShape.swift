/// The sizes that define a vision transformer of the ViT and DeiT families.
package struct TransformerShape: Hashable, Sendable {
  /// The side of the square input image, in pixels.
  package let imageSize: Int
  /// The side of a square patch, in pixels.
  package let patchSize: Int
  /// The colour channels of the input: 1 or 3.
  package let channels: Int
  /// The width of a token, D.
  package let width: Int
  /// The number of transformer blocks, B.
  package let depth: Int
  /// The attention heads of a block, H.
  package let heads: Int
  /// The hidden width of the two-layer perceptron.
  package let hiddenWidth: Int
  /// The classes that the head tells apart.
  package let classes: Int
  /// Whether a distillation token and a second head exist, as in distilled DeiT.
  package let isDistilled: Bool
  /// Whether the query, key and value projection has a bias.
  package let hasQKVBias: Bool
  /// The constant that LayerNorm adds to the variance.
  package let layerNormEpsilon: Float

  /// The widths that a token may have.
  package static let widthRange = 1...65536
  /// The constants that LayerNorm may add: models use 1e-5, 1e-6 or 1e-12.
  package static let layerNormEpsilonRange: ClosedRange<Float> = 1e-15...1

  /// Creates a shape.
  ///
  /// - Throws: ``ArchitectureError`` for a size that no model can have.
  package init(
    imageSize: Int, patchSize: Int, channels: Int, width: Int, depth: Int, heads: Int,
    hiddenWidth: Int, classes: Int, isDistilled: Bool = false, hasQKVBias: Bool = true,
    layerNormEpsilon: Float = 1e-6
  ) throws(ArchitectureError) {
    let sizes = [
      ("image size", imageSize, 1...8192), ("patch size", patchSize, 1...1024),
      ("width", width, Self.widthRange), ("depth", depth, 1...1024), ("heads", heads, 1...1024),
      ("hidden width", hiddenWidth, 1...262_144), ("classes", classes, 1...1_000_000),
    ]
    for (name, value, allowed) in sizes where !allowed.contains(value) {
      throw .outOfRange(name: name, value: value, allowed: allowed)
    }
    guard channels == 1 || channels == 3 else { throw .unsupportedChannels(channels) }
    guard imageSize % patchSize == 0 else {
      throw .imageNotDivisible(imageSize: imageSize, patchSize: patchSize)
    }
    guard width % heads == 0 else { throw .widthNotDivisible(width: width, heads: heads) }
    guard Self.layerNormEpsilonRange.contains(layerNormEpsilon) else {
      throw .invalidLayerNormEpsilon(layerNormEpsilon)
    }
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channels = channels
    self.width = width
    self.depth = depth
    self.heads = heads
    self.hiddenWidth = hiddenWidth
    self.classes = classes
    self.isDistilled = isDistilled
    self.hasQKVBias = hasQKVBias
    self.layerNormEpsilon = layerNormEpsilon
  }

  package var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }
  /// The values of a patch: channels × patch size².
  package var patchValues: Int { channels * patchSize * patchSize }
  /// The class token and, if distilled, the distillation token.
  package var extraTokens: Int { isDistilled ? 2 : 1 }
  /// The tokens of an image, L.
  package var tokens: Int { patches + extraTokens }
  /// The width of one attention head.
  package var headWidth: Int { width / heads }
}
