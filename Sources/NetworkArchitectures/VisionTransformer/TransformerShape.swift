/// The sizes that define a vision transformer of the ViT and DeiT families.
package struct TransformerShape: Hashable, Sendable {
  /// The size of the input image, in pixels.
  package let imageSize: GridSize
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
  /// What is computed beside what the sizes say.
  package let features: TransformerFeatures

  /// The widths that a token may have.
  package static let widthRange = 1...65536
  /// The constants that LayerNorm may add: models use 1e-5, 1e-6 or 1e-12.
  package static let layerNormEpsilonRange: ClosedRange<Float> = 1e-15...1

  /// Creates a shape.
  ///
  /// - Throws: ``ArchitectureError`` for a size that no model can have.
  package init(
    imageSize: GridSize, patchSize: Int, channels: Int, width: Int, depth: Int, heads: Int,
    hiddenWidth: Int, classes: Int, features: TransformerFeatures
  ) throws(ArchitectureError) {
    let sizes = [
      ("image height", imageSize.height, 1...8192), ("image width", imageSize.width, 1...8192),
      ("patch size", patchSize, 1...1024), ("width", width, Self.widthRange),
      ("depth", depth, 1...1024), ("heads", heads, 1...1024),
      ("hidden width", hiddenWidth, 1...262_144), ("classes", classes, 1...1_000_000),
      ("register tokens", features.registers, 0...1024),
    ]
    for (name, value, allowed) in sizes where !allowed.contains(value) {
      throw .outOfRange(name: name, value: value, allowed: allowed)
    }
    guard channels == 1 || channels == 3 else { throw .unsupportedChannels(channels) }
    let side = min(imageSize.height, imageSize.width)
    guard side >= patchSize else {
      throw .imageSmallerThanPatch(imageSize: side, patchSize: patchSize)
    }
    guard width % heads == 0 else { throw .widthNotDivisible(width: width, heads: heads) }
    guard Self.layerNormEpsilonRange.contains(features.layerNormEpsilon) else {
      throw .invalidLayerNormEpsilon(features.layerNormEpsilon)
    }
    guard features.hasClassToken || features.pooling != .token else {
      throw .contradiction("token pooling takes the class token, and there is none")
    }
    // timm's distilled model knows the class and the distillation token alone.
    guard
      !features.isDistilled
        || features.hasClassToken && features.registers == 0 && features.pooling == .token
          && features.finalNorm != .afterPooling
    else {
      throw .contradiction(
        "a distilled model has a class token, no register tokens, a last norm on all tokens, and "
          + "heads on its first two tokens")
    }
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channels = channels
    self.width = width
    self.depth = depth
    self.heads = heads
    self.hiddenWidth = hiddenWidth
    self.classes = classes
    self.features = features
  }

  /// Creates the shape of a plain ViT or DeiT for square images.
  ///
  /// - Throws: ``ArchitectureError`` for a size that no model can have.
  package init(
    imageSize: Int, patchSize: Int, channels: Int, width: Int, depth: Int, heads: Int,
    hiddenWidth: Int, classes: Int, isDistilled: Bool = false, hasQKVBias: Bool = true,
    layerNormEpsilon: Float = 1e-6
  ) throws(ArchitectureError) {
    var features = TransformerFeatures()
    features.isDistilled = isDistilled
    features.hasQKVBias = hasQKVBias
    features.layerNormEpsilon = layerNormEpsilon
    try self.init(
      imageSize: GridSize(side: imageSize), patchSize: patchSize, channels: channels,
      width: width, depth: depth, heads: heads, hiddenWidth: hiddenWidth, classes: classes,
      features: features)
  }

  /// The patches of an image; pixels behind the last whole patch are not looked at, as in timm.
  package var grid: GridSize {
    GridSize(height: imageSize.height / patchSize, width: imageSize.width / patchSize)
  }
  /// The number of patches.
  package var patches: Int { grid.count }
  /// The values of a patch: channels × patch size².
  package var patchValues: Int { channels * patchSize * patchSize }
  /// Whether a distillation token and a second head exist.
  package var isDistilled: Bool { features.isDistilled }
  /// The class token, the distillation token and the register tokens, which come first.
  package var extraTokens: Int {
    (features.hasClassToken ? 1 : 0) + (isDistilled ? 1 : 0) + features.registers
  }
  /// The tokens of an image, L.
  package var tokens: Int { patches + extraTokens }
  /// The width of one attention head.
  package var headWidth: Int { width / heads }
  /// The first tokens that heads look at: each head one, or all tokens if they are pooled.
  package var headTokens: Int {
    features.pooling == .token ? (isDistilled ? 2 : 1) : tokens
  }
  /// The tokens that have positions, class and register tokens first.
  package var positionedTokens: Int {
    switch features.positions {
    case .all: tokens
    case .patches: patches
    case .none: 0
    }
  }
}
