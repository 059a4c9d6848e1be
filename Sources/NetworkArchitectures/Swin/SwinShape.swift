/// The sizes that define a Swin transformer: attention in windows, four stages that halve the side.
package struct SwinShape: Hashable, Sendable {
  /// The size of the input image, in pixels.
  package let imageSize: GridSize
  /// The side of a square patch, in pixels.
  package let patchSize: Int
  /// The colour channels of the input: 1 or 3.
  package let channels: Int
  /// The width of a token in the first stage, E; each later stage doubles it.
  package let embeddingWidth: Int
  /// The blocks of each stage.
  package let depths: [Int]
  /// The attention heads of each stage.
  package let heads: [Int]
  /// The size of an attention window of each stage, in tokens.
  package let windowSizes: [GridSize]
  /// The size of an attention window of the first stage; most have one for all stages.
  package var windowSize: GridSize { windowSizes[0] }
  /// The hidden width of the two-layer perceptron, as a multiple of the token's width.
  package let hiddenRatio: Double
  /// Whether the query, key and value projection has a bias.
  package let hasQKVBias: Bool
  /// The classes that the head tells apart.
  package let classes: Int

  /// Creates a shape with windows of one size.
  ///
  /// - Throws: ``ArchitectureError`` for a size that no model can have.
  package init(
    imageSize: GridSize, patchSize: Int, channels: Int, embeddingWidth: Int, depths: [Int],
    heads: [Int], windowSize: GridSize, hiddenRatio: Double = 4, hasQKVBias: Bool = true,
    classes: Int
  ) throws(ArchitectureError) {
    try self.init(
      imageSize: imageSize, patchSize: patchSize, channels: channels,
      embeddingWidth: embeddingWidth, depths: depths, heads: heads,
      windowSizes: Array(repeating: windowSize, count: depths.count), hiddenRatio: hiddenRatio,
      hasQKVBias: hasQKVBias, classes: classes)
  }

  /// Creates a shape with windows of a size of its own for each stage.
  ///
  /// - Throws: ``ArchitectureError`` for a size that no model can have.
  package init(
    imageSize: GridSize, patchSize: Int, channels: Int, embeddingWidth: Int, depths: [Int],
    heads: [Int], windowSizes: [GridSize], hiddenRatio: Double = 4, hasQKVBias: Bool = true,
    classes: Int
  ) throws(ArchitectureError) {
    var sizes = [
      ("image height", imageSize.height, 1...8192), ("image width", imageSize.width, 1...8192),
      ("patch size", patchSize, 1...1024), ("width", embeddingWidth, 1...16384),
      ("stages", depths.count, 1...8), ("classes", classes, 1...1_000_000),
    ]
    sizes += windowSizes.map { ("window height", $0.height, 1...1024) }
    sizes += windowSizes.map { ("window width", $0.width, 1...1024) }
    sizes += depths.map { ("blocks of a stage", $0, 1...1024) }
    sizes += heads.map { ("heads of a stage", $0, 1...1024) }
    for (name, value, allowed) in sizes where !allowed.contains(value) {
      throw .outOfRange(name: name, value: value, allowed: allowed)
    }
    guard heads.count == depths.count else {
      let count = depths.count
      throw .outOfRange(name: "stages with heads", value: heads.count, allowed: count...count)
    }
    guard windowSizes.count == depths.count else {
      let count = depths.count
      throw .outOfRange(
        name: "stages with windows", value: windowSizes.count, allowed: count...count)
    }
    guard channels == 1 || channels == 3 else { throw .unsupportedChannels(channels) }
    for side in [imageSize.height, imageSize.width] where side % patchSize != 0 {
      throw .imageNotDivisible(imageSize: side, patchSize: patchSize)
    }
    for stage in depths.indices {
      let width = embeddingWidth << stage
      guard width % heads[stage] == 0 else {
        throw .widthNotDivisible(width: width, heads: heads[stage])
      }
    }
    // The widest hidden layer of a ViT is a limit here, too.
    let widest = Double(embeddingWidth << (depths.count - 1)) * hiddenRatio
    guard hiddenRatio > 0, Double(embeddingWidth) * hiddenRatio >= 1, widest < 262_145 else {
      let value = widest.isFinite ? Int(max(min(widest, 1e9), -1e9)) : -1
      throw .outOfRange(name: "hidden width", value: value, allowed: 1...262_144)
    }
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channels = channels
    self.embeddingWidth = embeddingWidth
    self.depths = depths
    self.heads = heads
    self.windowSizes = windowSizes
    self.hiddenRatio = hiddenRatio
    self.hasQKVBias = hasQKVBias
    self.classes = classes
  }

  /// The constant that LayerNorm adds to the variance: timm's and Microsoft's.
  package static let layerNormEpsilon: Float = 1e-5

  /// The values of a patch: channels × patch size².
  package var patchValues: Int { channels * patchSize * patchSize }

  /// Returns the tokens of a stage as a map; merging pads an odd side.
  package func grid(ofStage stage: Int) -> GridSize {
    let patches = imageSize.tiles(of: GridSize(side: patchSize))
    return patches.tiles(of: GridSize(side: 1 << stage))
  }

  /// Returns the width of a token in a stage.
  package func width(ofStage stage: Int) -> Int { embeddingWidth << stage }

  /// Returns the hidden width of the perceptrons of a stage.
  package func hiddenWidth(ofStage stage: Int) -> Int {
    Int(Double(width(ofStage: stage)) * hiddenRatio)
  }

  /// Returns the size of a window in a stage: a side of the map that is shorter is one window.
  package func window(ofStage stage: Int) -> GridSize {
    let (grid, windowSize) = (grid(ofStage: stage), windowSizes[stage])
    return GridSize(
      height: min(windowSize.height, grid.height), width: min(windowSize.width, grid.width))
  }

  /// Returns the windows of a stage, which cover its map; those at the end may be padded.
  package func windows(ofStage stage: Int) -> GridSize {
    grid(ofStage: stage).tiles(of: window(ofStage: stage))
  }

  /// Returns by how many rows and columns a block shifts its windows: every second block does, by
  /// half a window, but not along a side that is one window.
  package func shift(ofStage stage: Int, block: Int) -> GridSize {
    let (grid, window) = (grid(ofStage: stage), window(ofStage: stage))
    let (isOdd, windowSize) = (block % 2 == 1, windowSizes[stage])
    return GridSize(
      height: isOdd && grid.height > window.height ? windowSize.height / 2 : 0,
      width: isOdd && grid.width > window.width ? windowSize.width / 2 : 0)
  }

  /// The width of the last stage's tokens.
  package var finalWidth: Int { width(ofStage: depths.count - 1) }
}
