/// The sizes that define a Swin transformer: attention in windows, four stages that halve the side.
package struct SwinShape: Hashable, Sendable {
  /// The side of the square input image, in pixels.
  package let imageSize: Int
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
  /// The side of an attention window, in tokens.
  package let windowSize: Int
  /// The hidden width of the two-layer perceptron, as a multiple of the token's width.
  package let hiddenRatio: Int
  /// The classes that the head tells apart.
  package let classes: Int

  /// Creates a shape.
  ///
  /// - Throws: ``ArchitectureError`` for a size that no model can have.
  package init(
    imageSize: Int, patchSize: Int, channels: Int, embeddingWidth: Int, depths: [Int],
    heads: [Int], windowSize: Int, hiddenRatio: Int = 4, classes: Int
  ) throws(ArchitectureError) {
    var sizes = [
      ("image size", imageSize, 1...8192), ("patch size", patchSize, 1...1024),
      ("width", embeddingWidth, 1...16384), ("stages", depths.count, 1...8),
      ("window size", windowSize, 1...1024), ("hidden ratio", hiddenRatio, 1...64),
      ("classes", classes, 1...1_000_000),
    ]
    sizes += depths.map { ("blocks of a stage", $0, 1...1024) }
    sizes += heads.map { ("heads of a stage", $0, 1...1024) }
    for (name, value, allowed) in sizes where !allowed.contains(value) {
      throw .outOfRange(name: name, value: value, allowed: allowed)
    }
    guard heads.count == depths.count else {
      let count = depths.count
      throw .outOfRange(name: "stages with heads", value: heads.count, allowed: count...count)
    }
    guard channels == 1 || channels == 3 else { throw .unsupportedChannels(channels) }
    guard imageSize % patchSize == 0 else {
      throw .imageNotDivisible(imageSize: imageSize, patchSize: patchSize)
    }
    for stage in depths.indices {
      // A stage's side must hold whole windows, and halve into the next stage's.
      let side = (imageSize / patchSize) >> stage
      let isWhole = side << stage == imageSize / patchSize
      guard isWhole, side >= 1, side % min(windowSize, side) == 0 else {
        throw .imageNotDivisible(imageSize: imageSize, patchSize: patchSize << stage)
      }
      let width = embeddingWidth << stage
      guard width % heads[stage] == 0 else {
        throw .widthNotDivisible(width: width, heads: heads[stage])
      }
    }
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channels = channels
    self.embeddingWidth = embeddingWidth
    self.depths = depths
    self.heads = heads
    self.windowSize = windowSize
    self.hiddenRatio = hiddenRatio
    self.classes = classes
  }

  /// The values of a patch: channels × patch size².
  package var patchValues: Int { channels * patchSize * patchSize }

  /// Returns the tokens along a side in a stage.
  package func side(ofStage stage: Int) -> Int { (imageSize / patchSize) >> stage }

  /// Returns the width of a token in a stage.
  package func width(ofStage stage: Int) -> Int { embeddingWidth << stage }

  /// Returns the side of a window in a stage; a stage smaller than a window is one window.
  package func window(ofStage stage: Int) -> Int { min(windowSize, side(ofStage: stage)) }

  /// The width of the last stage's tokens.
  package var finalWidth: Int { width(ofStage: depths.count - 1) }
}
